// Division that rounds, and what it leaves. int32 quotients go through float64, where they are exact.

import type { Lane, LaneWriter } from "../base/trace-lanes.ts";
import { upperHalf } from "./approximations/float-format.ts";
import { withSignOf } from "./approximations/signs.ts";
import { mul, neg } from "./arithmetic.ts";
import { pointwise } from "./pointwise.ts";
import { zerosLike } from "./source.ts";

type Rounding = "floor" | "trunc";

function integerQuotient(k: LaneWriter, x: Lane, y: Lane, rounding: Rounding): Lane {
  const quotient = k.div(k.convert(x, "f64"), k.convert(y, "f64"));
  return k.convert(k[rounding](quotient), "i32");
}

/**
 * x - trunc(x/y)·y, of x's sign, without rounding: multiples of y·2^s are taken from |x|, the largest
 * s first. Each step leaves less than its y·2^s, so the next quotient has few bits and its product is
 * exact. In float32 this reaches every quotient, in float64 those below 2^125.
 */
function floatRest(k: LaneWriter, x: Lane, y: Lane): Lane {
  const [size, by] = [k.abs(x), k.abs(y)];
  const near = x.type === "f32" ? singleRest(k, size, by) : doubleRest(k, size, by);
  const rest = k.select(k.lt(near, 0), k.add(near, by), near);
  const isWhole = k.and(k.eq(by, Infinity), k.lt(size, Infinity));
  return withSignOf(k, k.select(isWhole, size, rest), x);
}

/** In float64: 28 bits of the quotient a step, times the 24 of y. */
function singleRest(k: LaneWriter, size: Lane, by: Lane): Lane {
  const y = k.convert(by, "f64");
  const inverse = k.div(1, y);
  let rest = k.convert(size, "f64");
  for (let shift = 252; shift >= 0; shift -= 28) {
    const count = k.nearest(k.mul(rest, k.mul(inverse, 2 ** -shift)));
    rest = k.sub(rest, k.mul(count, k.mul(y, 2 ** shift)));
  }
  return k.convert(rest, "f32");
}

/** 25 bits of the quotient a step, times the halves of y; cut, since rounded up it may overflow. */
function doubleRest(k: LaneWriter, size: Lane, by: Lane): Lane {
  const upper = upperHalf(k, by);
  const lower = k.sub(by, upper);
  let rest = size;
  for (let shift = 100; shift >= 0; shift -= 25) {
    const count = k.trunc(k.div(rest, k.mul(by, 2 ** shift)));
    const less = k.sub(rest, k.mul(count, k.mul(upper, 2 ** shift)));
    const left = k.sub(less, k.mul(count, k.mul(lower, 2 ** shift)));
    // y·2^s may be infinite, and 0 of it is nothing
    rest = k.select(k.eq(count, 0), rest, left);
  }
  return rest;
}

/** Whether a rest has the other sign than y. */
const isAcross = (k: LaneWriter, rest: Lane, y: Lane): Lane =>
  k.and(k.ne(rest, 0), k.xor(k.lt(rest, 0), k.lt(y, 0)));

/** As PyTorch: (x - rest)/y, less 1 where the rest is across, is nearly whole; a 0 has x/y's sign. */
function floatFloor(k: LaneWriter, x: Lane, y: Lane): Lane {
  const rest = floatRest(k, x, y);
  const exact = k.div(k.sub(x, rest), y);
  const quotient = k.select(isAcross(k, rest, y), k.sub(exact, 1), exact);
  const floor = k.floor(quotient);
  const whole = k.select(k.gt(k.sub(quotient, floor), 0.5), k.add(floor, 1), floor);
  const ratio = k.div(x, y);
  const signed = k.select(k.eq(quotient, 0), withSignOf(k, k.abs(quotient), ratio), whole);
  return k.select(k.eq(y, 0), ratio, signed);
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
