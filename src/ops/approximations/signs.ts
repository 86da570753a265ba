// Signs as bits: those of -0 and of NaN count.

import type { Lane, LaneWriter } from "../../base/trace-lanes.ts";
import { bitsConstant, formatOf, signBits } from "./float-format.ts";

/** `size`, which has none, with the sign of `x`. */
export const withSignOf = (k: LaneWriter, size: Lane, x: Lane): Lane =>
  k.bitcast(k.or(k.bitcast(size), signBits(k, x)));

/** Whether the sign bit is set: 2 with that sign is compared. */
export const hasSign = (k: LaneWriter, x: Lane): Lane =>
  k.lt(k.bitcast(k.or(signBits(k, x), bitsConstant(k, x, formatOf(x).two))), 0);
