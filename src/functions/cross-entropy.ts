// Negative log likelihoods of classes: of their log probabilities, of logits, of a linear layer's. Rows
// run along the class axis; which class is meant is a comparison with its number, so that a row's loss
// and its gradient are a pass each. A class out of range is a fault on data.

import type { Composite } from "../autograd/composite.ts";
import { type DType, isFloat } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { type Shape, sameShape, showShape, sizeOf } from "../base/shapes.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { beside } from "../ops/beside.ts";
import { lookUp } from "../ops/indexing.ts";
import * as linear from "../ops/linear.ts";
import { iota } from "../ops/source.ts";
import { exp, log } from "../ops/transcendental.ts";
import { alongAxis } from "./index-operands.ts";
import {
  type LossReduction,
  refuseGradient,
  requireClassWeights,
  total,
} from "./loss-reductions.ts";
import { softCrossEntropy } from "./probability-losses.ts";
import { spread } from "./reductions.ts";
import { roundedOnce } from "./rounded-once.ts";
import { shifted, softmax } from "./softmax.ts";

type Optional = Value | null;

interface Classes {
  readonly axis: number;
  readonly ignoreIndex: number;
  readonly reduction: LossReduction;
  /** How much of a row's aim all classes share. */
  readonly smoothing: number;
}

/** What rows aim at; of x's shape without the class axis. */
interface Aim {
  /** Whether the row counts. */
  readonly counts: Value;
  /** The class that is meant, or -1. */
  readonly label: Value;
  /** Its weight, or 1; 0 where the row does not count. */
  readonly share: Value;
}

/** Each class is looked up in a table of all, by which one that is out of range is found. */
function aimOf(
  x: Value,
  [target, weight]: readonly [Value, Value?],
  { axis, ignoreIndex }: Classes,
): Aim {
  const { shape, dtype } = x.node;
  const rows = shape.filter((_, at) => at !== axis);
  const given = linear.reshape(ops.cast(target, "int32"), [sizeOf(rows)]);
  const counts = ops.ne(given, ignoreIndex);
  const safe = ops.where(counts, given, 0);
  const table = weight ? ops.cast(weight, dtype) : iota(shape[axis] as number);
  const found = given.node.size === 0 ? null : lookUp("class", table, safe);
  const label = found && !weight ? found : safe;
  const share = found && weight ? ops.where(counts, found, 0) : ops.cast(counts, dtype);
  const inRows = (value: Value): Value => linear.reshape(value, rows);
  return {
    counts: inRows(counts),
    label: inRows(ops.where(counts, label, -1)),
    share: inRows(share),
  };
}

/** Where a row's class is meant, in x's shape. */
function isMeant({ node: { shape } }: Value, { label }: Aim, axis: number): Value {
  const classes = alongAxis(iota(shape[axis] as number), shape, axis);
  return ops.eq(linear.expand(classes, shape), spread(label, shape, [axis]));
}

/** The loss of rows, each with its share, as one number or as they are. */
function ofRows(each: Value, { counts, share }: Aim, reduction: LossReduction): Value {
  const counted = ops.where(counts, each, 0);
  if (reduction === "none") return counted;
  return reduction === "sum" ? total(counted) : ops.div(total(counted), total(share));
}

/** The gradient of each row's loss; 0 where it does not count, also where none does. */
function gradientOfRows(g: Value, { counts, share }: Aim, reduction: LossReduction): Value {
  if (reduction === "none") return ops.where(counts, g, 0);
  const each = reduction === "sum" ? g : ops.div(g, total(share));
  return ops.where(counts, linear.expand(each, counts.node.shape), 0);
}

const pick = (x: Value, aim: Aim, axis: number): Value =>
  linear.sum(ops.where(isMeant(x, aim, axis), x, 0), [axis]);

type Inputs = readonly [Value, Value, Value?];

const likelihoodAs = (name: string): Composite<Classes> => ({
  name,
  body: (inputs, attrs) => {
    const [x, ...given] = inputs as Inputs;
    const aim = aimOf(x, given, attrs);
    const each = ops.neg(ops.mul(pick(x, aim, attrs.axis), aim.share));
    return ofRows(each, aim, attrs.reduction);
  },
  // A scatter by chain rule; PyTorch's formula names x.
  gradient: (g, inputs, _, attrs) => {
    const [x, ...given] = inputs as Inputs;
    const { axis, reduction } = attrs;
    const aim = aimOf(x, given, attrs);
    const slope = ops.neg(ops.mul(gradientOfRows(g, aim, reduction), aim.share));
    const spreadOut = spread(slope, x.node.shape, [axis]);
    return [beside(ops.where(isMeant(x, aim, axis), spreadOut, 0), x), null, null];
  },
});

/** The weights of classes along their axis, and their sum. */
function weightsOf(
  x: Value,
  weight: Value | undefined,
  axis: number,
): [Value | number, Value | number] {
  const { shape, dtype } = x.node;
  if (!weight) return [1, shape[axis] as number];
  const own = ops.cast(weight, dtype);
  const rows = shape.filter((_, at) => at !== axis);
  return [linear.expand(alongAxis(own, shape, axis), shape), linear.expand(total(own), rows)];
}

const logitsAs = (name: string): Composite<Classes> => ({
  name,
  // log Σ e^low - low[class], low = x - max x
  body: (inputs, attrs) => {
    const [x, ...given] = inputs as Inputs;
    const { axis, reduction, smoothing } = attrs;
    const aim = aimOf(x, given, attrs);
    const low = shifted(x, axis);
    const logSum = log(linear.sum(exp(low), [axis]));
    const sharp = ops.mul(ops.sub(logSum, pick(low, aim, axis)), aim.share);
    if (smoothing === 0) return ofRows(sharp, aim, reduction);
    const [weights, ofAll] = weightsOf(x, given[1], axis);
    const smooth = ops.sub(ops.mul(logSum, ofAll), linear.sum(ops.mul(low, weights), [axis]));
    const mixed = ops.add(
      ops.mul(sharp, 1 - smoothing),
      ops.mul(smooth, smoothing / (x.node.shape[axis] as number)),
    );
    return ofRows(mixed, aim, reduction);
  },
  // (softmax x - [class])·share·g: no scatter, and x alone is kept
  gradient: (g, inputs, _, attrs) => {
    const [x, ...given] = inputs as Inputs;
    const { shape, dtype } = x.node;
    const { axis, reduction, smoothing } = attrs;
    const along = (value: Value): Value => spread(value, shape, [axis]);
    const aim = aimOf(x, given, attrs);
    const each = gradientOfRows(g, aim, reduction);
    const p = softmax(x, axis);
    const sharp = ops.mul(
      ops.sub(p, ops.cast(isMeant(x, aim, axis), dtype)),
      along(ops.mul(ops.mul(each, aim.share), 1 - smoothing)),
    );
    if (smoothing === 0) return [sharp, null, null];
    const [weights, ofAll] = weightsOf(x, given[1], axis);
    const scale = ops.mul(each, smoothing / (shape[axis] as number));
    const smooth = ops.mul(
      ops.sub(ops.mul(p, typeof ofAll === "number" ? ofAll : along(ofAll)), weights),
      along(scale),
    );
    return [ops.add(sharp, smooth), null, null];
  },
});

/** The specs of one kind by their names on the Tape. */
function byName(make: (name: string) => Composite<Classes>): (name: string) => Composite<Classes> {
  const known = new Map<string, Composite<Classes>>();
  return (name) => {
    let spec = known.get(name);
    if (!spec) {
      spec = make(name);
      known.set(name, spec);
    }
    return spec;
  };
}

const likelihoods = byName(likelihoodAs);
const logits = byName(logitsAs);

/** PyTorch's kernels are of two ranks; of others it takes views. */
function tapeNameOf(rank: number, reduction: LossReduction): string {
  if (rank <= 2) return "NllLossBackward0";
  return reduction === "none" && rank !== 4 ? "ViewBackward0" : "NllLoss2DBackward0";
}

// Checks

const targetDTypes: readonly DType[] = ["int64", "uint8"];

function requireClasses(op: string, x: Value, target: Value, weight: Optional): void {
  const [shape, given] = [x.node.shape, target.node.shape];
  const rank = shape.length;
  if (rank === 0) fail(op, "Expected 1 or more dimensions (got 0)");
  if (rank > 1 && shape[0] !== given[0]) {
    fail(
      op,
      `Expected input batch_size (${shape[0]}) to match target batch_size (${given[0] ?? "none"}).`,
    );
  }
  if (!targetDTypes.includes(target.node.dtype)) {
    fail(
      op,
      `expected target dtype to be int64 or uint8, but got ${target.node.dtype}. ` +
        'Cast it: target.to("int64")',
    );
  }
  requireRows(op, shape, given);
  requireClassWeights(op, x, weight, shape.length === 1 ? shape[0] : shape[1]);
}

function requireRows(op: string, shape: Shape, given: Shape): void {
  if (shape.length > 1) {
    const rows = shape.filter((_, at) => at !== 1);
    if (sameShape(rows, given)) return;
    fail(op, `Expected target size ${showShape(rows)}, got ${showShape(given)}`);
  }
  if (given.length > 1) fail(op, "0D or 1D target tensor expected, multi-target not supported");
  if (given.length === 1 && given[0] !== 1) {
    fail(op, `For 1D input, 1D target must have size 1, but got target size: ${given[0]}`);
  }
}

// Functions

export interface ClassOptions {
  readonly weight: Optional;
  readonly ignoreIndex: number;
  readonly reduction: LossReduction;
}

function call(
  spec: Composite<Classes>,
  [x, target]: readonly [Value, Value],
  { weight, ...options }: ClassOptions,
  smoothing: number,
): Value {
  const axis = x.node.shape.length === 1 ? 0 : 1;
  const inputs = weight ? ([x, target, weight] as const) : ([x, target] as const);
  return roundedOnce(spec, [...inputs], { axis, smoothing, ...options });
}

/** Of log probabilities and the numbers of classes. */
export function nllLoss(x: Value, target: Value, options: ClassOptions): Value {
  requireClasses("nllLoss", x, target, options.weight);
  refuseGradient("nllLoss", { weight: options.weight });
  const name = tapeNameOf(x.node.shape.length, options.reduction);
  return call(likelihoods(name), [x, target], options, 0);
}

export interface CrossEntropyOptions extends ClassOptions {
  readonly labelSmoothing: number;
}

/** Of logits and the numbers of classes, or their probabilities where the target has x's shape. */
export function crossEntropy(x: Value, target: Value, options: CrossEntropyOptions): Value {
  const op = "crossEntropy";
  const { labelSmoothing, ...rest } = options;
  const { weight, ignoreIndex, reduction } = rest;
  const isSoft = sameShape(x.node.shape, target.node.shape);
  if (isSoft && !isFloat(target.node.dtype)) {
    fail(
      op,
      "Expected floating point type for target with class probabilities, got " +
        `${target.node.dtype}. Numbers of classes have no class axis`,
    );
  }
  if (isSoft && ignoreIndex >= 0)
    fail(op, "ignoreIndex is not supported for floating point target");
  if (labelSmoothing > 1) {
    fail(op, `labelSmoothing must be between 0.0 and 1.0. Got: ${labelSmoothing}`);
  }
  const smoothing = Math.max(labelSmoothing, 0);
  if (isSoft) return softCrossEntropy(x, target, { weight, reduction, smoothing });
  requireClasses(op, x, target, weight);
  refuseGradient(op, { weight });
  const name = smoothing > 0 ? "AddBackward0" : tapeNameOf(x.node.shape.length, reduction);
  return call(logits(name), [x, target], rest, smoothing);
}
