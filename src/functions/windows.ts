// Windows of signal processing, computed in float64 and rounded once. `isPeriodic` leaves out the last
// of size + 1 points, so that windows side by side do not meet twice.

import { type DType, isFloat, roundTo } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { full, iota } from "../ops/source.ts";
import { cos, exp, sin } from "../ops/transcendental.ts";

export interface Window {
  /** The public name, for errors. */
  readonly op: string;
  readonly size: number;
  readonly isPeriodic: boolean;
  readonly dtype: DType;
}

const ones = (size: number): Value => full("float64", [size], 1);

/** start, start + step, … `size` of them. */
const progression = (size: number, start: number, step: number): Value =>
  ops.add(ops.mul(ops.cast(iota(size), "float64"), step), start);

function checked({ op, size, dtype }: Window): void {
  if (size < 0) fail(op, `requires non-negative window length, got M=${size}`);
  if (!isFloat(dtype)) fail(op, `expects floating point dtypes, got ${dtype}`);
}

/** `shape` gives the points, of which the last lies at `intervals`; one alone is 1. */
function spanned(window: Window, shape: (size: number, intervals: number) => Value): Value {
  checked(window);
  const { size, isPeriodic, dtype } = window;
  return ops.cast(size < 2 ? ones(size) : shape(size, isPeriodic ? size : size - 1), dtype);
}

/** `shape` gives the first `size` of `count` points. */
function counted(window: Window, shape: (size: number, count: number) => Value): Value {
  checked(window);
  const { size, isPeriodic, dtype } = window;
  return ops.cast(shape(size, isPeriodic && size > 1 ? size + 1 : size), dtype);
}

/** Coefficients of the general cosine window. */
export const blackman: readonly number[] = [0.42, 0.5, 0.08];
export const nuttall: readonly number[] = [0.3635819, 0.4891775, 0.1365995, 0.0106411];

/** Σ (-1)^i·a[i]·cos(2πi·k / intervals) */
export function generalCosine(window: Window, coefficients: readonly number[]): Value {
  if (coefficients.length === 0) fail(window.op, "Coefficients cannot be empty");
  return spanned(window, (size, intervals) => {
    const waves = coefficients.map((coefficient, i) => {
      const height = i % 2 === 0 ? coefficient : -coefficient;
      if (i === 0) return ops.mul(ones(size), height);
      return ops.mul(cos(progression(size, 0, (2 * Math.PI * i) / intervals)), height);
    });
    return waves.reduce((sum, wave) => ops.add(sum, wave));
  });
}

/** 1 - |k|, k from -1 to 1 */
export const bartlett = (window: Window): Value =>
  spanned(window, (size, intervals) => ops.sub(1, ops.abs(progression(size, -1, 2 / intervals))));

/** sin(π(k + ½) / size) */
export const cosine = (window: Window): Value =>
  counted(window, (size, count) =>
    sin(progression(size, (0.5 * Math.PI) / count, Math.PI / count)),
  );

/** e^(-|k - center| / tau); null is the middle. */
export function exponential(window: Window, center: number | null, tau: number): Value {
  if (tau <= 0) fail(window.op, `Tau must be positive, got: ${tau} instead.`);
  if (!window.isPeriodic && center !== null) {
    fail(window.op, "Center must be None for symmetric windows");
  }
  return counted(window, (size, count) => {
    const middle = center ?? (count - 1) / 2;
    return exp(ops.neg(ops.abs(progression(size, -middle / tau, 1 / tau))));
  });
}

/** e^(-½((k - middle) / std)²) */
export function gaussian(window: Window, std: number): Value {
  if (std <= 0) fail(window.op, `Standard deviation must be positive, got: ${std} instead.`);
  return counted(window, (size, count) => {
    const unit = 1 / (std * Math.SQRT2);
    const k = progression(size, (-(count - 1) / 2) * unit, unit);
    return exp(ops.neg(ops.mul(k, k)));
  });
}

/** I0(√(beta² - k²)) / I0(beta), k from -beta to beta */
export function kaiser(window: Window, beta: number): Value {
  if (beta < 0) fail(window.op, `beta must be non-negative, got: ${beta} instead.`);
  const dtype = window.dtype === "float64" ? "float64" : "float32";
  return spanned(window, (size, intervals) => {
    const k = progression(size, -beta, (2 * beta) / intervals);
    const square = ops.maximum(ops.sub(beta * beta, ops.mul(k, k)), full("float64", [size], 0));
    const { series, whole } = besselSeries(square, beta);
    const power = exp(ops.sqrt(square));
    // I0 is e^x·(I0 / e^x) in the dtype: it overflows where e^x does, as PyTorch's, and not before.
    const above = ops.mul(ops.cast(power, dtype), ops.cast(ops.div(series, power), dtype));
    const wholePower = Math.exp(beta);
    const scaled = Number.isFinite(whole) ? whole / wholePower : 1;
    const below = roundTo(dtype, wholePower) * roundTo(dtype, scaled);
    return ops.div(above, roundTo(dtype, below));
  });
}

/**
 * I0(√square), square at most beta², and I0(beta). The power series Σ (x²/4)^i / i!² has positive
 * terms only, so it is exact to the last bits; it ends where terms of beta no longer count.
 */
function besselSeries(square: Value, beta: number): { series: Value; whole: number } {
  const most = (beta * beta) / 4;
  let count = 1;
  let whole = 1;
  for (let term = 1; term > whole * 2 ** -56 && Number.isFinite(whole); count++) {
    term *= most / (count * count);
    whole += term;
  }
  // 1 + q/1·(1 + q/4·(1 + q/9·( … ))), from the inside out.
  const quarter = ops.mul(square, 0.25);
  let series: Value = full("float64", square.node.shape, 1);
  for (let i = count - 1; i > 0; i--) {
    series = ops.add(ops.mul(ops.mul(series, quarter), 1 / (i * i)), 1);
  }
  return { series, whole };
}
