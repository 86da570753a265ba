// Arithmetic, comparison, choice and casts. Closed under differentiation.

import { type DType, dtypes } from "../base/dtypes.ts";
import type { LaneBody } from "../base/lanes.ts";
import { type Lane, type LaneWriter, traceLanes } from "../base/trace-lanes.ts";
import { Trie } from "../base/trie.ts";
import { constantOf, pointwiseNode } from "../graph/build.ts";
import type { Node } from "../graph/node.ts";
import type { Value } from "../graph/tape.ts";
import { beside } from "./beside.ts";
import { alone, pointwise } from "./pointwise.ts";
import { apply, type Primitive } from "./primitive.ts";
import { zerosLike } from "./source.ts";

const noGradient = (g: Value): Value[] => [zerosLike(g)];

/** The operand of a node that is the negation of something. */
const negated = (node: Node): Node | undefined =>
  node.name === "neg" && !node.memory ? node.inputs[0] : undefined;

/** On bool, `+` is or. */
export const add = pointwise({
  name: "add",
  lanes: (k, x, y) => (x.type === "mask" ? k.or(x, y) : k.add(x, y)),
  commutative: true,
  // x + (-y) → x - y;  x + 0 is not x, for -0 + 0 is 0
  law: ([x, y]) => {
    const opposite = negated(y);
    if (opposite) return sub.primitive.build([x, opposite], null);
    return Object.is(constantOf(y), -0) ? alone(x, y) : undefined;
  },
  vjp: (g) => [g, g],
});

export const sub = pointwise({
  name: "sub",
  lanes: (k, x, y) => k.sub(x, y),
  // x - 0 → x;  x - (-y) → x + y
  law: ([x, y]) => {
    if (Object.is(constantOf(y), 0)) return alone(x, y);
    const opposite = negated(y);
    return opposite && add.primitive.build([x, opposite], null);
  },
  vjp: (g) => [g, neg(g)],
});

/** On bool, `·` is and. */
export const mul = pointwise({
  name: "mul",
  lanes: (k, x, y) => (x.type === "mask" ? k.and(x, y) : k.mul(x, y)),
  commutative: true,
  // x·1 → x;  x·(-1) → -x
  law: ([x, y]) => {
    const factor = constantOf(y);
    if (factor === 1) return alone(x, y);
    const kept = factor === -1 ? alone(x, y) : undefined;
    return kept && neg.primitive.build([kept], null);
  },
  vjp: (g, [x, y]) => [x.edge && mul(g, y), y.edge && mul(g, x)],
});

/** Quotients of floats. d(x/y) = dx/y - (x/y)·dy/y */
export const div = pointwise({
  name: "div",
  lanes: (k, x, y) => k.div(x, y),
  // x/1 → x
  law: ([x, y]) => (constantOf(y) === 1 ? alone(x, y) : undefined),
  vjp: (g, [x, y], out) => [x.edge && div(g, y), y.edge && neg(div(mul(g, out), y))],
});

export const neg = pointwise({
  name: "neg",
  lanes: (k, x) => k.neg(x),
  // -(-x) → x
  law: ([x]) => negated(x),
  vjp: (g) => [neg(g)],
});

export const abs = pointwise({
  name: "abs",
  lanes: (k, x) => k.abs(x),
  vjp: (g, [x]) => [mul(g, sign(x))],
});

/** 1, -1 or 0; NaN and -0 give 0. */
export const sign = pointwise({
  name: "sign",
  lanes: (k, x) =>
    k.select(k.gt(x, 0), k.const(x.type, 1), k.select(k.lt(x, 0), k.const(x.type, -1), 0)),
  vjp: noGradient,
});

export const sqrt = pointwise({
  name: "sqrt",
  lanes: (k, x) => k.sqrt(x),
  vjp: (g, _, out) => [div(g, mul(out, 2))],
});

const rounding = (name: string, lanes: (k: LaneWriter, x: Lane) => Lane) =>
  pointwise({ name, lanes: (k, x) => lanes(k, x), vjp: noGradient });

export const floor = rounding("floor", (k, x) => k.floor(x));
export const ceil = rounding("ceil", (k, x) => k.ceil(x));
export const trunc = rounding("trunc", (k, x) => k.trunc(x));
export const round = rounding("round", (k, x) => k.nearest(x));

/** Where both are equal each gets half of the gradient, as in PyTorch. */
const extremum = (name: "maximum" | "minimum", loses: typeof lt) =>
  pointwise({
    name,
    lanes: (k, x, y) => (name === "maximum" ? k.max(x, y) : k.min(x, y)),
    commutative: true,
    law: ([x, y]) => (x === y ? x : undefined),
    vjp: (g, [x, y]) => {
      const shared = where(eq(x, y), mul(g, 0.5), g);
      return [where(loses(x, y), 0, shared), where(loses(y, x), 0, shared)];
    },
  });

const toBool = (): DType => "bool";

const comparison = (name: "eq" | "ne" | "lt" | "le" | "gt" | "ge", commutative = false) =>
  pointwise({ name, lanes: (k, x, y) => k[name](x, y), result: toBool, commutative, vjp: "none" });

export const eq = comparison("eq", true);
export const ne = comparison("ne", true);
export const lt = comparison("lt");
export const le = comparison("le");
export const gt = comparison("gt");
export const ge = comparison("ge");

export const maximum = extremum("maximum", lt);
export const minimum = extremum("minimum", gt);

const bitwise = (name: string, lanes: (k: LaneWriter, x: Lane, y: Lane) => Lane) =>
  pointwise({ name, lanes: (k, x, y) => lanes(k, x, y), commutative: true, vjp: "none" });

/** On bool these are the logical ones. */
export const and = bitwise("and", (k, x, y) => k.and(x, y));
export const or = bitwise("or", (k, x, y) => k.or(x, y));
export const xor = bitwise("xor", (k, x, y) => k.xor(x, y));

export const not = pointwise({ name: "not", lanes: (k, x) => k.not(x), vjp: "none" });

/** x shifted by 0 … 31 bits, which differ from lane to lane: by 1, 2, 4, 8 and 16 where n says so. */
function shifted(k: LaneWriter, shift: "shl" | "shrS", x: Lane, n: Lane): Lane {
  let result = x;
  for (const bits of [1, 2, 4, 8, 16]) {
    result = k.select(k.ne(k.and(n, bits), 0), k[shift](result, bits), result);
  }
  return result;
}

const isOutside = (k: LaneWriter, n: Lane): Lane => k.or(k.lt(n, 0), k.gt(n, 31));

/** x·2^n, wrapped; 0 where n is negative or no bit is left. */
export const leftShift = pointwise({
  name: "leftShift",
  lanes: (k, x, n) => k.select(isOutside(k, n), 0, shifted(k, "shl", x, n)),
  vjp: "none",
});

/** ⌊x/2^n⌋; where n is negative all bits go, as in PyTorch. */
export const rightShift = pointwise({
  name: "rightShift",
  lanes: (k, x, n) => shifted(k, "shrS", x, k.select(isOutside(k, n), 31, n)),
  vjp: "none",
});

/** max(x, 0); NaN stays. At 0 no gradient passes, where maximum(x, 0) would pass half. */
export const relu = pointwise({
  name: "relu",
  // One instruction; the NaN-proof max of two unknowns takes seven.
  lanes: (k, x) => k.select(k.lt(x, 0), 0, x),
  vjp: (g, _, out) => [beside(where(le(out, 0), 0, g), out)],
});

/** x where the mask holds, else y. */
export const where = pointwise({
  name: "where",
  lanes: (k, mask, x, y) => k.select(mask, x, y),
  law: ([mask, x, y]) => {
    const known = constantOf(mask);
    if (x === y) return alone(x, mask);
    if (known === null) return undefined;
    const [chosen, other] = known ? [x, y] : [y, x];
    return alone(chosen, other, mask);
  },
  vjp: (g, [mask]) => [null, where(mask, g, 0), where(mask, 0, g)],
});

/** To another dtype, as PyTorch: floats are cut to integers, anything but 0 is true. Else x itself. */
export function cast(x: Value, dtype: DType, tapeName?: string): Value {
  return x.node.dtype === dtype ? x : apply(castPrimitive, [x], dtype, tapeName);
}

const castBodies = new Trie<LaneBody>();

export const castPrimitive: Primitive<DType> = {
  name: "toCopy",
  build: ([x], dtype) => {
    const input = x;
    if (input.dtype === dtype) return input;
    const known = castBodies.at(input.dtype).at(dtype);
    known.value ??= traceLanes([dtypes[input.dtype].lane], (k, x) => castLane(k, x, dtype));
    return pointwiseNode({ name: "toCopy", dtype, inputs: [input], body: known.value });
  },
  vjp: (g, [x]) => [cast(g, x.node.dtype)],
};

function castLane(k: LaneWriter, x: Lane, dtype: DType): Lane {
  const { lane } = dtypes[dtype];
  if (lane === "mask") return x.type === "mask" ? x : k.ne(x, 0);
  if (x.type === "mask") return k.select(x, k.const(lane, 1), k.const(lane, 0));
  if (lane !== "i32" || x.type === "i32") return k.convert(x, lane);
  if (dtype === "uint8" && x.type === "f64") return lowWord(k, x);
  // What is out of PyTorch's range, NaN too, is the smallest integer, as x86 has it: 0 once wrapped.
  // An int64 of more than 32 bits is the nearest that is held here.
  const limit = dtype === "int64" ? 2 ** 63 : 2 ** 31;
  const isInside = k.and(k.ge(x, -limit), k.lt(x, limit));
  return k.select(isInside, k.convert(x, "i32"), -2147483648);
}

/** PyTorch goes from a float to uint8 by way of 64 bits; only the lowest 32 matter. */
function lowWord(k: LaneWriter, x: Lane): Lane {
  const whole = k.trunc(x);
  const rest = k.sub(whole, k.mul(k.floor(k.mul(whole, 2 ** -32)), 2 ** 32));
  return k.convert(k.select(k.lt(rest, 2 ** 31), rest, k.sub(rest, 2 ** 32)), "i32");
}
