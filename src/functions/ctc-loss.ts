// Connectionist temporal classification: how likely a sequence of labels is, summed over all ways to
// stretch it over time with blanks between. States are the labels with a blank around each; α[s] is the
// logarithm of what all ways up to now that end in s weigh together.

import { composite } from "../autograd/composite.ts";
import { isInteger } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { type Shape, showShape } from "../base/shapes.ts";
import { contiguousView, sliceView } from "../base/views.ts";
import { constantValue, type Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { gather } from "../ops/indexing.ts";
import * as linear from "../ops/linear.ts";
import { cumsum } from "../ops/scan.ts";
import { full, iota } from "../ops/source.ts";
import { exp, log } from "../ops/transcendental.ts";
import { alongAxis } from "./index-operands.ts";
import { type LossReduction, lossSpecs, requireFloat } from "./loss-reductions.ts";
import { spread } from "./reductions.ts";

/** The logarithm of no probability: finite, so that differences of two of them are numbers. */
const never = -1e30;

interface Sizes {
  readonly times: number;
  readonly batch: number;
  readonly classes: number;
  /** As many labels as a sequence may have. */
  readonly labels: number;
}

interface Alignment extends Sizes {
  readonly blank: number;
  readonly zeroInfinity: boolean;
  readonly isBatched: boolean;
  readonly isMean: boolean;
}

/** 0, 1, … along the second axis of rows. */
const places = (rows: number, size: number): Value =>
  linear.expand(alongAxis(iota(size), [rows, size], 1), [rows, size]);

const ofRows = (each: Value, size: number): Value => spread(each, [each.node.size, size], [1]);

/** A row of labels for each sequence; blanks follow its last. */
function labelRows(targets: Value, lengths: Value, { batch, labels, blank }: Alignment): Value {
  const at = places(batch, labels);
  const isLabel = ops.lt(at, ofRows(lengths, labels));
  const { shape } = targets.node;
  if (shape.length === 2) {
    const part = linear.slice(targets, [linear.wholeSlice(batch), linear.wholeSlice(labels)]);
    return ops.where(isLabel, part, blank);
  }
  // One sequence after another
  const starts = ops.sub(cumsum(lengths, 0), lengths);
  const index = ops.where(isLabel, ops.add(at, ofRows(starts, labels)), 0);
  const found = gather(targets, 0, linear.reshape(index, [batch * labels]));
  return ops.where(isLabel, linear.reshape(found, [batch, labels]), blank);
}

/** The label of each state: blank, label, blank, label, … blank. */
function statesOf(labels: Value | null, { batch, blank }: Alignment): Value {
  if (!labels) return full("int32", [batch, 1], blank);
  const count = labels.node.shape[1] as number;
  const state = places(batch, 2 * count + 1);
  const at = ops.minimum(ops.rightShift(state, 1), count - 1);
  const isLabel = ops.eq(ops.and(state, 1), 1);
  return ops.where(isLabel, gather(labels, 1, at), blank);
}

/** log Σ eˣ of a few, for which nothing is lost: at least one term is 1. */
function logOfSum(terms: readonly Value[]): Value {
  const nodes = terms.map(({ node }) => constantValue(node));
  const most = nodes.reduce((x, y) => ops.maximum(x, y));
  const grown = terms.map((term) => exp(ops.sub(term, most)));
  return ops.add(log(grown.reduce((x, y) => ops.add(x, y))), most);
}

/** α a moment later, before what the moment itself weighs: from s, s - 1 and, where it may, s - 2. */
function moved(alpha: Value, maySkip: Value): Value {
  const [batch, states] = alpha.node.shape as [number, number];
  const room = [batch, states + 2];
  const part = (start: number) => [linear.wholeSlice(batch), { start, size: states, step: 1 }];
  const window = sliceView(contiguousView(room), part(2));
  const padded = linear.place(full(alpha.node.dtype, room, never), alpha, window);
  const [skipped, before] = [linear.slice(padded, part(0)), linear.slice(padded, part(1))];
  return logOfSum([alpha, before, ops.where(maySkip, skipped, never)]);
}

interface Lengths {
  readonly inputs: Value;
  readonly targets: Value;
}

/** α once the input of each sequence has ended. */
function lastAlpha(logProbs: Value, states: Value, { inputs }: Lengths, { times }: Sizes): Value {
  const [batch, count] = states.node.shape as [number, number];
  const shape = [batch, count];
  if (times === 0) return full(logProbs.node.dtype, shape, never);
  const state = places(batch, count);
  const maySkip = ops.ne(states, gather(states, 1, ops.maximum(ops.sub(state, 2), 0)));
  const known = ops.where(ops.lt(logProbs, never), never, logProbs);
  const index = linear.expand(linear.reshape(states, [1, ...shape]), [times, ...shape]);
  const emissions = gather(known, 2, index);
  const emitted = (time: number): Value => {
    const slices = [{ start: time, size: 1, step: 1 }, ...shape.map(linear.wholeSlice)];
    return linear.reshape(linear.slice(emissions, slices), shape);
  };
  let alpha = ops.where(ops.lt(state, 2), emitted(0), never);
  for (let time = 1; time < times; time++) {
    const next = ops.add(moved(alpha, maySkip), emitted(time));
    alpha = ops.where(ops.gt(ofRows(inputs, count), time), next, alpha);
  }
  return alpha;
}

/** -log of what ends in the last label or the blank behind it. */
function negativeLikelihood(alpha: Value, lengths: Lengths, { labels }: Sizes): Value {
  const [batch, count] = alpha.node.shape as [number, number];
  const end = ops.mul(lengths.targets, 2);
  const weightAt = (state: Value, isThere: Value): Value => {
    const isMeant = ops.eq(places(batch, count), ofRows(state, count));
    return ops.where(isThere, linear.sum(ops.where(isMeant, alpha, 0), [1]), never);
  };
  const fits = ops.le(lengths.targets, labels);
  const isLabelled = ops.and(fits, ops.gt(lengths.targets, 0));
  const ends = [weightAt(end, fits), weightAt(ops.sub(end, 1), isLabelled)];
  const along = ops.neg(logOfSum(ends));
  // With no input nothing aligns but nothing.
  const hopeless = full(alpha.node.dtype, [batch], -never);
  const ofNothing = ops.where(ops.eq(lengths.targets, 0), 0, hopeless);
  return ops.where(ops.eq(lengths.inputs, 0), ofNothing, along);
}

/**
 * 0, with the gradient of Σ eˣ up to each sequence's end: PyTorch's formula takes the probabilities for
 * normalized, and so gives that of the logits they come from.
 */
function normalizing(logProbs: Value, { inputs }: Lengths, { times }: Sizes): Value {
  const { shape } = logProbs.node;
  const [, batch] = shape as [number, number];
  const time = linear.expand(alongAxis(iota(times), [times, batch], 0), [times, batch]);
  const isOpen = ops.lt(time, spread(inputs, [times, batch], [0]));
  const sum = linear.sum(ops.where(spread(isOpen, shape, [2]), exp(logProbs), 0), [0, 2]);
  return ops.sub(sum, constantValue(sum.node));
}

const losses = lossSpecs<Alignment>(
  "ctcLoss",
  { elements: "CtcLossBackward0" },
  ([given, targets, inputs, ofTargets], { dtype, ...attrs }) => {
    const { times, batch, classes, labels, isMean } = attrs;
    const asLengths = (value: Value | undefined): Value =>
      linear.reshape(ops.cast(value as Value, "int32"), [batch]);
    const logProbs = linear.reshape(ops.cast(given as Value, dtype), [times, batch, classes]);
    const lengths = { inputs: asLengths(inputs), targets: asLengths(ofTargets) };
    const rows = ops.cast(targets as Value, "int32");
    const own = labels === 0 ? null : labelRows(rows, lengths.targets, attrs);
    const alpha = lastAlpha(logProbs, statesOf(own, attrs), lengths, attrs);
    const likelihood = negativeLikelihood(alpha, lengths, attrs);
    const each = ops.add(likelihood, normalizing(logProbs, lengths, attrs));
    const isHopeless = ops.ge(likelihood, -never / 2);
    const finite = ops.where(isHopeless, attrs.zeroInfinity ? 0 : Infinity, each);
    const divisor = (): Value => ops.cast(ops.maximum(lengths.targets, 1), dtype);
    const result = isMean ? ops.div(finite, divisor()) : finite;
    return attrs.isBatched ? result : linear.reshape(result, []);
  },
);

// Checks

/** Lengths as tensors, whose elements nobody knows yet, or as numbers. */
export interface Given {
  readonly inputLengths: Value;
  readonly targetLengths: Value;
  readonly known: {
    readonly inputs: readonly number[];
    readonly targets: readonly number[];
  } | null;
}

export interface CtcOptions {
  readonly blank: number;
  readonly reduction: LossReduction;
  readonly zeroInfinity: boolean;
}

const op = "ctcLoss";

function sizesOf(x: Value, targets: Value, { known }: Given): Sizes {
  const own = x.node.shape;
  if (own.length !== 2 && own.length !== 3) {
    fail(op, `log probabilities have 2 or 3 axes (time, batch, class), got ${showShape(own)}`);
  }
  const times = own[0] as number;
  const classes = own.at(-1) as number;
  const batch = own.length === 3 ? (own[1] as number) : 1;
  return { times, batch, classes, labels: mostLabels(targets, times, known) };
}

/** More labels than moments have no way. */
function mostLabels({ node: { shape } }: Value, times: number, known: Given["known"]): number {
  const most = shape.at(-1) ?? 0;
  if (known) return Math.min(Math.max(...known.targets, 0), most);
  return shape.length === 2 ? most : Math.min(most, times);
}

function requireTargets({ node: { shape, dtype } }: Value, batch: number): void {
  if (!isInteger(dtype)) fail(op, `targets must be integers, got ${dtype}`);
  if (shape.length === 1 || (shape.length === 2 && shape[0] === batch)) return;
  fail(
    op,
    `targets lie in ${batch} rows, or one after another along one axis, got ${showShape(shape)}`,
  );
}

function requireLengths({ inputLengths, targetLengths }: Given, batch: number): void {
  for (const [name, { node }] of Object.entries({ inputLengths, targetLengths })) {
    if (!isInteger(node.dtype)) fail(op, `${name} must be integral, got ${node.dtype}`);
    if (node.size !== batch || node.shape.length > 1) {
      fail(op, `${name} must be of size batchSize (${batch}), got ${showShape(node.shape)}`);
    }
  }
}

function requireKnown({ known }: Given, { times }: Sizes, targets: Shape): void {
  if (!known) return;
  const wrong = known.inputs.find((length) => length < 0 || length > times);
  if (wrong !== undefined) {
    fail(op, `Expected inputLengths to have value at most ${times}, but got value ${wrong}`);
  }
  if (known.targets.some((length) => length < 0)) fail(op, "targetLengths must not be negative");
  const total = known.targets.reduce((sum, length) => sum + length, 0);
  const most = targets.at(-1) as number;
  const fits = targets.length === 1 ? total === most : Math.max(...known.targets, 0) <= most;
  if (!fits) fail(op, `targets of ${showShape(targets)} do not hold labels of the lengths given`);
}

/** -log of the probability of each sequence of labels; `mean` divides by their lengths first. */
export function ctcLoss(x: Value, targets: Value, given: Given, options: CtcOptions): Value {
  const { reduction, ...rest } = options;
  requireFloat(op, x);
  const sizes = sizesOf(x, targets, given);
  const { batch, classes } = sizes;
  if (rest.blank < 0 || rest.blank >= classes) fail(op, "blank must be in label range");
  requireTargets(targets, batch);
  requireLengths(given, batch);
  requireKnown(given, sizes, targets.node.shape);
  const { shape, dtype } = x.node;
  return composite(losses[reduction], [x, targets, given.inputLengths, given.targetLengths], {
    ...sizes,
    ...rest,
    isBatched: shape.length === 3,
    isMean: reduction === "mean",
    shape,
    dtype,
  });
}
