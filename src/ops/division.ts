// Division that rounds, and what it leaves. int32 quotients go through float64, where they are exact.

import type { Lane, LaneWriter } from "../base/trace-lanes.ts";
import { mul, neg } from "./arithmetic.ts";
import { pointwise } from "./pointwise.ts";
import { zerosLike } from "./source.ts";

type Rounding = "floor" | "trunc";

function integerQuotient(k: LaneWriter, x: Lane, y: Lane, rounding: Rounding): Lane {
  const quotient = k.div(k.convert(x, "f64"), k.convert(y, "f64"));
  return k.convert(k[rounding](quotient), "i32");
}

/** x - trunc(x/y)·y, of x's sign. float32 goes through float64. */
function floatRest(k: LaneWriter, x: Lane, y: Lane): Lane {
  if (x.type === "f32") {
    return k.convert(floatRest(k, k.convert(x, "f64"), k.convert(y, "f64")), "f32");
  }
  const rest = k.madd(k.neg(k.trunc(k.div(x, y))), y, x);
  const size = k.abs(y);
  const back = k.select(k.lt(x, 0), k.sub(rest, size), k.add(rest, size));
  // The quotient may have been rounded up to the next integer: then the rest has the wrong sign.
  const inside = k.select(k.lt(k.mul(rest, x), 0), back, rest);
  return k.select(k.and(k.eq(size, Infinity), k.lt(k.abs(x), Infinity)), x, inside);
}

/** Whether a rest has the other sign than y. */
const isAcross = (k: LaneWriter, rest: Lane, y: Lane): Lane =>
  k.and(k.ne(rest, 0), k.xor(k.lt(rest, 0), k.lt(y, 0)));

function floatFloor(k: LaneWriter, x: Lane, y: Lane): Lane {
  const rest = floatRest(k, x, y);
  const quotient = k.nearest(k.div(k.sub(x, rest), y));
  const floored = k.select(isAcross(k, rest, y), k.sub(quotient, 1), quotient);
  return k.select(k.eq(y, 0), k.div(x, y), floored);
}

/** ⌊x/y⌋ */
export const floorDivide = pointwise({
  name: "floorDivide",
  lanes: (k, x, y) => (x.type === "i32" ? integerQuotient(k, x, y, "floor") : floatFloor(k, x, y)),
  vjp: (g) => [zerosLike(g), zerosLike(g)],
});

/** x/y without its fraction. */
export const truncDivide = pointwise({
  name: "truncDivide",
  lanes: (k, x, y) => (x.type === "i32" ? integerQuotient(k, x, y, "trunc") : k.trunc(k.div(x, y))),
  vjp: (g) => [zerosLike(g), zerosLike(g)],
});

/** x - ⌊x/y⌋·y, of y's sign. */
export const remainder = pointwise({
  name: "remainder",
  lanes: (k, x, y) => {
    if (x.type === "i32") return k.sub(x, k.mul(integerQuotient(k, x, y, "floor"), y));
    const rest = floatRest(k, x, y);
    return k.select(isAcross(k, rest, y), k.add(rest, y), rest);
  },
  vjp: (g, [x, y]) => [g, y.edge && neg(mul(g, floorDivide(x, y)))],
});

/** x - trunc(x/y)·y, of x's sign. */
export const fmod = pointwise({
  name: "fmod",
  lanes: (k, x, y) =>
    x.type === "i32" ? k.sub(x, k.mul(integerQuotient(k, x, y, "trunc"), y)) : floatRest(k, x, y),
  vjp: (g, [x, y]) => [g, y.edge && neg(mul(g, truncDivide(x, y)))],
});
