// sinc x = sin πx/(πx): x less the nearest integer is exact, so the zeros are, and what is next to them.

import type { Lane, LaneWriter } from "../../base/trace-lanes.ts";
import { sineOfRest } from "./trigonometric.ts";

/** 1 at 0, and NaN at ±∞. */
export function sinc(k: LaneWriter, x: Lane): Lane {
  const n = k.nearest(x);
  const half = k.mul(n, 0.5);
  const isOdd = k.ne(k.floor(half), half);
  const wave = sineOfRest(k, k.mul(k.sub(x, n), Math.PI));
  const signed = k.select(isOdd, k.neg(wave), wave);
  return k.select(k.eq(x, 0), k.const(x.type, 1), k.add(k.div(signed, k.mul(x, Math.PI)), 0));
}
