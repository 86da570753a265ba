// torch.masked: reductions, scans and normalizations of what a mask leaves. What it hides stands as the
// op's identity (0 for a sum, -∞ for a maximum); then the op itself, as PyTorch, each with its entry.

import { type DType, isFloat } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { normalizeAxes, normalizeAxis, showShape } from "../base/shapes.ts";
import type { Value } from "../graph/tape.ts";
import { full } from "../ops/source.ts";
import * as arithmetic from "./arithmetic.ts";
import { to } from "./casts.ts";
import { where } from "./comparison.ts";
import { logaddexp as logaddexpOf } from "./exponents.ts";
import * as extrema from "./extrema.ts";
import { vectorNorm } from "./norms.ts";
import { inFloat } from "./operands.ts";
import { nanmedianAlong } from "./order-statistics.ts";
import * as reductions from "./reductions.ts";
import * as scans from "./scans.ts";
import { expand } from "./shapes.ts";
import * as softmaxes from "./softmax.ts";

export interface Masked {
  readonly dtype?: DType | null;
  readonly mask?: Value | null;
}

export interface MaskedReduction extends Masked {
  readonly dim?: reductions.Dims;
  readonly keepdim?: boolean;
}

/** The least and the greatest element of a dtype; int64 has 32 bits. */
const limits: Readonly<Record<DType, readonly [number, number]>> = {
  float32: [-Infinity, Infinity],
  float64: [-Infinity, Infinity],
  float16: [-Infinity, Infinity],
  bfloat16: [-Infinity, Infinity],
  int64: [-2147483648, 2147483647],
  int32: [-2147483648, 2147483647],
  int16: [-32768, 32767],
  int8: [-128, 127],
  uint8: [0, 255],
  bool: [0, 1],
};

/** The mask as bools of the input's shape. */
function fittedMask(op: string, x: Value, mask: Value): Value {
  const [shape, own] = [x.node.shape, mask.node.shape];
  if (own.length > shape.length) {
    fail(
      op,
      "_input_mask expected broadcastable mask (got mask dimensionality higher than of the input: " +
        `${showShape(own)} for ${showShape(shape)})`,
    );
  }
  const bools = to(mask, "bool");
  return own.length === shape.length && own.every((n, axis) => n === shape[axis])
    ? bools
    : expand(bools, shape);
}

/** x, the identity where the mask hides it. */
function combined(op: string, x: Value, mask: Value | null | undefined, identity: number): Value {
  if (!mask) return x;
  return where(fittedMask(op, x, mask), x, full(x.node.dtype, [], identity));
}

function dimsOf(op: string, x: Value, dim: reductions.Dims): readonly number[] | null {
  const axes = normalizeAxes(op, dim, x.node.shape.length);
  return axes.length > 0 ? axes : null;
}

export function sum(x: Value, options: MaskedReduction): Value {
  const { dtype, mask, dim, keepdim = false } = options;
  const shown = combined("masked.sum", x, mask, 0);
  const result = dtype ?? reductions.summedDType(x.node.dtype);
  return reductions.sum(shown, dimsOf("masked.sum", x, dim), keepdim, result);
}

export function prod(x: Value, { dtype, mask, dim, keepdim = false }: MaskedReduction): Value {
  const shown = combined("masked.prod", x, mask, 1);
  const axes = dimsOf("masked.prod", x, dim) ?? [0];
  const typed = to(shown, dtype ?? reductions.summedDType(x.node.dtype));
  return [...axes].reverse().reduce((left, axis) => reductions.prod(left, axis, keepdim), typed);
}

export function cumsum(x: Value, dim: number, { dtype, mask }: Masked): Value {
  return scans.cumsum(combined("masked.cumsum", x, mask, 0), dim, dtype ?? x.node.dtype);
}

export function cumprod(x: Value, dim: number, { dtype, mask }: Masked): Value {
  return scans.cumprod(combined("masked.cumprod", x, mask, 1), dim, dtype ?? x.node.dtype);
}

const extremum =
  (op: string, run: typeof extrema.amax, side: 0 | 1) =>
  (x: Value, { dtype, mask, dim, keepdim = false }: MaskedReduction): Value => {
    const shown = combined(op, x, mask, limits[x.node.dtype][side]);
    return to(run(shown, dimsOf(op, x, dim), keepdim), dtype ?? x.node.dtype);
  };

export const amax = extremum("masked.amax", extrema.amax, 0);
export const amin = extremum("masked.amin", extrema.amin, 1);

interface MaskedPosition extends Masked {
  readonly dim?: number | null;
  readonly keepdim?: boolean;
}

/** Positions have the input's dtype, unless one is named. */
const position =
  (op: string, run: typeof extrema.argmax, side: 0 | 1) =>
  (x: Value, { dtype, mask, dim, keepdim = false }: MaskedPosition): Value => {
    const shown = combined(op, x, mask, limits[x.node.dtype][side]);
    return to(run(shown, dim, keepdim), dtype ?? x.node.dtype);
  };

export const argmax = position("masked.argmax", extrema.argmax, 0);
export const argmin = position("masked.argmin", extrema.argmin, 1);

/** How many elements are left to each result. */
function countOf(op: string, x: Value, { mask, dim, keepdim = false }: MaskedReduction) {
  if (mask) return reductions.sum(fittedMask(op, x, mask), dimsOf(op, x, dim), keepdim);
  return reductions.countOf(x.node.shape, normalizeAxes(op, dim, x.node.shape.length));
}

export function mean(x: Value, options: MaskedReduction): Value {
  const dtype = options.dtype ?? x.node.dtype;
  if (!isFloat(dtype)) {
    fail(
      "masked.mean",
      `Could not infer output dtype. ${options.dtype ? "Optional" : "Input"} dtype must be either a ` +
        `floating point or complex dtype. Got: ${dtype}`,
    );
  }
  const total = sum(x, { ...options, dtype });
  return arithmetic.div(total, countOf("masked.mean", x, options));
}

export function norm(x: Value, p: number, options: MaskedReduction): Value {
  const { mask, dim, keepdim = false, dtype } = options;
  const shown = combined("masked.norm", x, mask, p === -Infinity ? Infinity : 0);
  return vectorNorm("masked.norm", shown, p, { dim, keepdim, dtype: dtype ?? null });
}

/** The lower of two in the middle of what is left; of integers something must be. */
export function median(x: Value, options: MaskedReduction & { readonly dim: number }): Value {
  const { dtype, mask, dim, keepdim = false } = options;
  const own = x.node.dtype;
  const shown = combined("masked.median", isFloat(own) ? x : to(x, "float32"), mask, Number.NaN);
  const axis = normalizeAxis("masked.median", dim, x.node.shape.length);
  const { values } = nanmedianAlong(shown, axis, keepdim);
  return isFloat(own) ? values : to(values, dtype ?? own);
}

interface MaskedSpread extends MaskedReduction {
  readonly correction: number;
}

export function correctionOf(unbiased: boolean | null, correction: number | null): number {
  if (unbiased !== null && correction !== null) {
    fail("masked.var", "Only one of unbiased and correction may be given");
  }
  return correction ?? (unbiased === false ? 0 : 1);
}

/** In two passes; of fewer elements than `correction` the divisor is 0. */
export function variance(x: Value, { correction, ...options }: MaskedSpread): Value {
  const own = x.node.dtype;
  const dtype = options.dtype ?? inFloat(own);
  const kept = { ...options, keepdim: true };
  const average = arithmetic.div(sum(x, { ...kept, dtype }), countOf("masked.var", x, kept));
  const deviation = arithmetic.sub(x, average);
  const squares = arithmetic.mul(deviation, deviation);
  const total = sum(squares, { ...options, dtype: inFloat(dtype) });
  const count = countOf("masked.var", x, options);
  return to(arithmetic.div(total, degreesOf(count, correction, total.node.dtype)), dtype);
}

function degreesOf(count: Value | number, correction: number, dtype: DType): Value | number {
  if (typeof count === "number") {
    return correction === 0 ? count : Math.max(count - correction, 0);
  }
  if (correction === 0) return count;
  return arithmetic.maximum(arithmetic.sub(to(count, dtype), correction), full(dtype, [], 0));
}

export const std = (x: Value, options: MaskedSpread): Value =>
  arithmetic.sqrt(variance(x, options));

const normalized =
  (op: string, run: typeof softmaxes.softmax, identity: number) =>
  (x: Value, dim: number, { dtype, mask }: Masked): Value => {
    const result = dtype ?? x.node.dtype;
    if (!isFloat(result)) fail(op, `wants a floating point tensor, got ${result}`);
    const axis = normalizeAxis(op, dim, x.node.shape.length);
    const shown = isFloat(x.node.dtype) ? x : to(x, result);
    return run(combined(op, shown, mask, identity), axis, result);
  };

export const softmax = normalized("masked.softmax", softmaxes.softmax, -Infinity);
export const logSoftmax = normalized("masked.logSoftmax", softmaxes.logSoftmax, -Infinity);
export const softmin = normalized("masked.softmin", softmaxes.softmin, Infinity);

/** x over its norm along an axis, or over `eps` where that is larger. */
export function normalize(
  x: Value,
  p: number,
  dim: number,
  { eps, ...options }: Masked & { readonly eps: number },
): Value {
  const shown = combined("masked.normalize", x, options.mask, 0);
  const size = norm(x, p, { ...options, dim, keepdim: true });
  return arithmetic.div(shown, arithmetic.maximum(size, full(size.node.dtype, [], eps)));
}

export interface TwoMasks {
  readonly dtype?: DType | null;
  readonly inputMask?: Value | null;
  readonly otherMask?: Value | null;
}

/** log(eˣ + eʸ) of what the masks leave. */
export function logaddexp(x: Value, y: Value, { dtype, inputMask, otherMask }: TwoMasks): Value {
  const op = "masked.logaddexp";
  const sides = [combined(op, x, inputMask, -Infinity), combined(op, y, otherMask, -Infinity)];
  return to(logaddexpOf(sides[0], sides[1]), dtype ?? x.node.dtype);
}

export function logsumexp(x: Value, options: MaskedReduction): Value {
  const { dtype, mask, dim, keepdim = false } = options;
  const shown = combined("masked.logsumexp", x, mask, limits[x.node.dtype][0]);
  const axes = dimsOf("masked.logsumexp", x, dim);
  return to(reductions.logsumexp(shown, axes, keepdim), dtype ?? x.node.dtype);
}
