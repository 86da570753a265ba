// Angle and distance of a point.

import type { Lane, LaneWriter } from "../base/trace-lanes.ts";
import { atan2 as atan2Lanes } from "./approximations/inverse-trigonometric.ts";
import { add, div, mul, neg } from "./arithmetic.ts";
import { pointwise } from "./pointwise.ts";
import { reciprocal } from "./transcendental.ts";

/** The angle of (x, y). d = (x·dy - y·dx)/(x² + y²) */
export const atan2 = pointwise({
  name: "atan2",
  lanes: atan2Lanes,
  vjp: (g, [y, x]) => {
    const scale = reciprocal(add(mul(y, y), mul(x, x)));
    return [y.edge && mul(mul(g, x), scale), x.edge && neg(mul(mul(g, y), scale))];
  },
});

/** √(x² + y²), which float64 holds for every float32, and a ratio for float64. */
function hypotLanes(k: LaneWriter, x: Lane, y: Lane): Lane {
  if (x.type === "f32") {
    const [a, b] = [k.convert(x, "f64"), k.convert(y, "f64")];
    return k.convert(k.sqrt(k.add(k.mul(a, a), k.mul(b, b))), "f32");
  }
  const [a, b] = [k.abs(x), k.abs(y)];
  const [high, low] = [k.select(k.gt(b, a), b, a), k.select(k.gt(b, a), a, b)];
  const ratio = k.div(low, high);
  const size = k.mul(high, k.sqrt(k.madd(ratio, ratio, 1)));
  const known = k.select(k.eq(high, 0), high, size);
  return k.select(k.or(k.eq(a, Infinity), k.eq(b, Infinity)), Infinity, known);
}

/** d = (x·dx + y·dy)/√(x² + y²) */
export const hypot = pointwise({
  name: "hypot",
  lanes: hypotLanes,
  commutative: true,
  vjp: (g, [x, y], out) => [x.edge && mul(g, div(x, out)), y.edge && mul(g, div(y, out))],
});
