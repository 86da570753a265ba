// Interpolation along the last axes, one axis after the other: an output is a sum of a few elements
// of its axis, each at a place and with a weight that the sizes alone tell. Places and weights are
// computed in float64 and rounded once.

import { type Composite, composite } from "../autograd/composite.ts";
import { accumulated, isFloat } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { type Shape, showShape } from "../base/shapes.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { gather } from "../ops/indexing.ts";
import { expand, reshape } from "../ops/linear.ts";
import { full, iota } from "../ops/source.ts";
import { adaptiveAvgPool } from "./average-pooling.ts";
import { cubicWeights } from "./cubic.ts";
import { alongAxis, resized } from "./index-operands.ts";

export const interpolationModes = [
  "nearest",
  "linear",
  "bilinear",
  "bicubic",
  "trilinear",
  "area",
  "nearest-exact",
] as const;

export type InterpolationMode = (typeof interpolationModes)[number];

/** One axis: from `input` elements to `out`; `scale` is that of places, input / out by default. */
interface Axis {
  readonly input: number;
  readonly out: number;
  readonly scale: number;
}

/** An element of the axis for each output, float64 and whole, and its weight; null is 1. */
interface Tap {
  readonly place: Value;
  readonly weight: Value | null;
}

const numbers = (size: number): Value => ops.cast(iota(size), "float64");

const constant = (x: Value, value: number): Value => full("float64", x.node.shape, value);

const clipped = (x: Value, low: number, high: number): Value =>
  ops.minimum(ops.maximum(x, constant(x, low)), constant(x, high));

/** scale·(o + ½) - ½ */
const centers = ({ out, scale }: Axis): Value =>
  ops.sub(ops.mul(ops.add(numbers(out), 0.5), scale), 0.5);

const sources = (axis: Axis, alignCorners: boolean): Value =>
  alignCorners ? ops.mul(numbers(axis.out), axis.scale) : centers(axis);

type Taps = (axis: Axis, alignCorners: boolean) => readonly Tap[];

const nearest: Taps = ({ input, out, scale }) => {
  const place = ops.floor(ops.mul(numbers(out), scale));
  return [{ place: clipped(place, 0, input - 1), weight: null }];
};

const nearestExact: Taps = (axis) => {
  const source = centers(axis);
  const place = ops.floor(ops.add(ops.maximum(source, constant(source, 0)), 0.5));
  return [{ place: clipped(place, 0, axis.input - 1), weight: null }];
};

const linear: Taps = (axis, alignCorners) => {
  const last = axis.input - 1;
  const place = sources(axis, alignCorners);
  const source = ops.maximum(place, constant(place, 0));
  const first = clipped(ops.floor(source), 0, last);
  const share = clipped(ops.sub(source, first), 0, 1);
  return [
    { place: first, weight: ops.sub(1, share) },
    { place: clipped(ops.add(first, 1), 0, last), weight: share },
  ];
};

const cubic: Taps = (axis, alignCorners) => {
  const source = sources(axis, alignCorners);
  const first = ops.floor(source);
  return cubicWeights(ops.sub(source, first)).map((weight, at) => ({
    place: clipped(ops.add(first, at - 1), 0, axis.input - 1),
    weight,
  }));
};

// Antialiased: the filter is as wide as the step, and its weights add up to 1.

interface Filter {
  /** How far it reaches at a step of 1. */
  readonly reach: number;
  readonly at: (distance: Value) => Value;
}

const triangle: Filter = {
  reach: 1,
  at: (distance) => ops.maximum(ops.sub(1, ops.abs(distance)), constant(distance, 0)),
};

/** Keys' cubic with a = -½. */
const keys: Filter = {
  reach: 2,
  at: (distance) => {
    const d = ops.abs(distance);
    // (1.5·d - 2.5)·d² + 1 inside 1;  -½·(((d - 5)·d + 8)·d - 4) inside 2
    const inner = ops.add(ops.mul(ops.mul(ops.sub(ops.mul(d, 1.5), 2.5), d), d), 1);
    const cube = ops.sub(ops.mul(ops.add(ops.mul(ops.sub(d, 5), d), 8), d), 4);
    return ops.where(ops.lt(d, 1), inner, ops.where(ops.lt(d, 2), ops.mul(cube, -0.5), 0));
  },
};

const antialiased =
  ({ reach, at }: Filter): Taps =>
  ({ input, out, scale }) => {
    const step = Math.max(scale, 1);
    const support = reach * step;
    const center = ops.mul(ops.add(numbers(out), 0.5), scale);
    const edge = (side: number): Value =>
      clipped(ops.trunc(ops.add(center, side * support + 0.5)), 0, input);
    const [first, end] = [edge(-1), edge(1)];
    const taps = Array.from({ length: Math.ceil(support) * 2 + 1 }, (_, k) => {
      const place = ops.add(first, k);
      const distance = ops.mul(ops.add(ops.sub(place, center), 0.5), 1 / step);
      return { place, weight: ops.where(ops.lt(place, end), at(distance), 0) };
    });
    const total = taps.map(({ weight }) => weight).reduce((sum, weight) => ops.add(sum, weight));
    return taps.map(({ place, weight }) => ({
      place: clipped(place, 0, input - 1),
      weight: ops.div(weight, total),
    }));
  };

const tapsOf: Record<Exclude<InterpolationMode, "area">, Taps> = {
  nearest,
  "nearest-exact": nearestExact,
  linear,
  bilinear: linear,
  trilinear: linear,
  bicubic: cubic,
};

/** The axis of x interpolated: Σ weight·x[place]. */
function interpolatedAlong(x: Value, at: number, out: number, taps: readonly Tap[]): Value {
  const { shape, dtype } = x.node;
  const wide = resized(shape, at, out);
  const terms = taps.map(({ place, weight }) => {
    const picked = gather(x, at, alongAxis(ops.cast(place, "int32"), shape, at));
    return weight ? ops.mul(picked, alongAxis(ops.cast(weight, dtype), wide, at)) : picked;
  });
  return terms.reduce((sum, term) => ops.add(sum, term));
}

// The nearest of a whole number of times as many elements: each one that often.

const places = {
  nearest: (o: number, scale: number) => Math.floor(o * scale),
  "nearest-exact": (o: number, scale: number) =>
    Math.floor(Math.max((o + 0.5) * scale - 0.5, 0) + 0.5),
};

/** How often each element comes, or null: with some scales a place is rounded to another. */
function timesOf({ input, out, scale }: Axis, place: (o: number, scale: number) => number) {
  const times = out / input;
  if (!Number.isInteger(times)) return null;
  for (let o = 0; o < out; o++) if (place(o, scale) !== Math.floor(o / times)) return null;
  return times;
}

function repeatedAlong(x: Value, at: number, times: number): Value {
  const { shape } = x.node;
  const [outer, inner] = [shape.slice(0, at + 1), shape.slice(at + 1)];
  const each = expand(reshape(x, [...outer, 1, ...inner]), [...outer, times, ...inner]);
  return reshape(each, resized(shape, at, shape[at] * times));
}

interface Interpolation {
  readonly mode: Exclude<InterpolationMode, "area">;
  readonly axes: readonly Axis[];
  readonly taps: Taps;
  readonly alignCorners: boolean;
}

const specs = new Map<string, Composite<Interpolation>>();

function specOf(name: string): Composite<Interpolation> {
  let spec = specs.get(name);
  if (!spec) {
    spec = {
      name,
      body: ([x], { mode, axes, taps, alignCorners }) => {
        const { dtype, shape } = x.node;
        const lead = shape.length - axes.length;
        const place = mode === "nearest" || mode === "nearest-exact" ? places[mode] : null;
        const result = axes.reduce<Value>(
          (done, axis, at) => {
            const times = place && timesOf(axis, place);
            if (times) return repeatedAlong(done, lead + at, times);
            return interpolatedAlong(done, lead + at, axis.out, taps(axis, alignCorners));
          },
          isFloat(dtype) ? ops.cast(x, accumulated(dtype)) : x,
        );
        return ops.cast(result, dtype);
      },
    };
    specs.set(name, spec);
  }
  return spec;
}

export interface InterpolationOptions {
  readonly size: number | readonly number[] | null;
  readonly scaleFactor: number | readonly number[] | null;
  readonly mode: InterpolationMode;
  readonly alignCorners?: boolean | null;
  readonly recomputeScaleFactor?: boolean | null;
  readonly antialias?: boolean;
}

const names: Record<Exclude<InterpolationMode, "area">, string> = {
  nearest: "Nearest",
  "nearest-exact": "NearestExact",
  linear: "Linear",
  bilinear: "Bilinear",
  trilinear: "Trilinear",
  bicubic: "Bicubic",
};

/** Rank of the input that a mode is for. */
const ranks: Partial<Record<InterpolationMode, number>> = {
  linear: 3,
  bilinear: 4,
  bicubic: 4,
  trilinear: 5,
};

/** x brought to another size along all axes but the first two. */
export function interpolate(op: string, x: Value, options: InterpolationOptions): Value {
  const { mode, antialias = false } = options;
  const { shape } = x.node;
  requireMode(op, x, options);
  const { out, factors } = outputOf(op, shape, options);
  const rank = out.length;
  const input = shape.slice(2);
  if ([...out, ...input].some((n) => n <= 0)) {
    fail(
      op,
      "Input and output sizes should be greater than 0, but got input " +
        `${showShape(input)} output ${showShape(out)}`,
    );
  }
  if (mode === "area") return adaptiveAvgPool(x, out, rank as 1 | 2 | 3);
  const alignCorners = options.alignCorners ?? false;
  const axes = input.map((n, axis) => ({
    input: n,
    out: out[axis],
    scale: scaleOf(n, out[axis], alignCorners, factors?.[axis]),
  }));
  const taps = antialias ? antialiased(mode === "bicubic" ? keys : triangle) : tapsOf[mode];
  const name = `Upsample${names[mode]}${rank}D${antialias ? "Aa" : ""}Backward0`;
  return composite(specOf(name), [x], { mode, axes, taps, alignCorners });
}

function scaleOf(input: number, out: number, alignCorners: boolean, factor = 0): number {
  if (alignCorners) return out > 1 ? (input - 1) / (out - 1) : 0;
  return factor > 0 ? 1 / factor : input / out;
}

function requireMode(op: string, x: Value, options: InterpolationOptions): void {
  const { mode, alignCorners = null, antialias = false } = options;
  const rank = x.node.shape.length;
  const { dtype } = x.node;
  const isNearest = mode === "nearest" || mode === "nearest-exact";
  if ((isNearest || mode === "area") && alignCorners !== null) {
    fail(
      op,
      "align_corners option can only be set with the interpolating modes: linear | bilinear | " +
        "bicubic | trilinear",
    );
  }
  if (antialias && !((mode === "bilinear" || mode === "bicubic") && rank === 4)) {
    fail(
      op,
      "Anti-alias option is restricted to bilinear and bicubic modes and requires a 4-D tensor " +
        "as input",
    );
  }
  if (rank < 3 || rank > 5) {
    fail(op, `Only 3D, 4D and 5D input Tensors supported (got ${rank}D) for the mode ${mode}`);
  }
  const wanted = ranks[mode] ?? rank;
  if (wanted !== rank) fail(op, `Got ${rank}D input, but ${mode} mode needs ${wanted}D input`);
  if (isFloat(dtype) || (isNearest && dtype === "uint8")) return;
  fail(op, `not implemented for ${dtype}. Cast it first: x.to("float32")`);
}

interface Output {
  readonly out: readonly number[];
  /** The factors that places are computed with, or null where the sizes tell them. */
  readonly factors: readonly number[] | null;
}

function outputOf(op: string, shape: Shape, options: InterpolationOptions): Output {
  const { size, scaleFactor, recomputeScaleFactor = null } = options;
  const input = shape.slice(2);
  const each = (given: number | readonly number[], name: string): readonly number[] => {
    if (typeof given === "number") return input.map(() => given);
    if (given.length === input.length) return given;
    fail(
      op,
      "Input and output must have the same number of spatial dimensions, but got input with " +
        `spatial dimensions of ${showShape(input)} and ${name} of ${showShape(given)}`,
    );
  };
  if (size !== null && scaleFactor !== null) {
    fail(op, "only one of size or scale_factor should be defined");
  }
  if (size !== null) {
    if (recomputeScaleFactor === true) {
      fail(op, "recompute_scale_factor is not meaningful with an explicit size.");
    }
    return { out: each(size, "output size"), factors: null };
  }
  if (scaleFactor === null) fail(op, "either size or scale_factor should be defined");
  const factors = each(scaleFactor, "scale_factor");
  const out = input.map((n, axis) => Math.floor(n * factors[axis]));
  return { out, factors: recomputeScaleFactor === true ? null : factors };
}
