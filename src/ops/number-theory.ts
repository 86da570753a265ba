// The greatest common divisor: a loop, which no other primitive can write.

import type { Lane, LaneWriter } from "../base/trace-lanes.ts";
import { pointwise } from "./pointwise.ts";

/** Euclid by nearest quotients: each rest is at most √2 - 1 of the last but one, so 26 steps do for 2^31. */
const steps = 26;

function gcdLanes(k: LaneWriter, x: Lane, y: Lane): Lane {
  let [a, b] = [k.abs(k.convert(x, "f64")), k.abs(k.convert(y, "f64"))];
  for (let step = 0; step < steps; step++) {
    const rest = k.abs(k.sub(a, k.mul(k.nearest(k.div(a, b)), b)));
    const isDone = k.eq(b, 0);
    [a, b] = [k.select(isDone, a, b), k.select(isDone, b, rest)];
  }
  return k.convert(a, "i32");
}

/** The greatest common divisor of integers, not negative; gcd(x, 0) = |x|. */
export const gcd = pointwise({ name: "gcd", lanes: gcdLanes, commutative: true, vjp: "none" });
