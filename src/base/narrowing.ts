// Narrowing: what lies in fewer bits than its lanes is brought to a value that fits, as the last step of
// whatever computed it. So a fused chain and one that passes through memory have the same bits, and a
// store only drops bits that say nothing.
//
//   uint8, int8, int16   modulo 2^bits, as machine integers wrap
//   float16, bfloat16    to nearest, ties to even; overflow is infinite; NaN stays

import { type DType, dtypes, type HalfDType, isHalf, isSmall, roundTo } from "./dtypes.ts";
import type { LaneBody, LaneInstruction } from "./lanes.ts";
import type { Reducer } from "./reducers.ts";
import { type Lane, type LaneWriter, traceLanes } from "./trace-lanes.ts";

/** `x` as an element of `dtype`, in the same lane type. */
export function narrowLane(k: LaneWriter, x: Lane, dtype: DType): Lane {
  switch (dtype) {
    case "uint8":
      return k.and(x, 0xff);
    case "int8":
      return k.shrS(k.shl(x, 24), 24);
    case "int16":
      return k.shrS(k.shl(x, 16), 16);
    case "bfloat16":
      return roundedToBrain(k, x);
    case "float16":
      return roundedToHalf(k, x);
    default:
      return x;
  }
}

/** Half of the last place kept is added, less one where the kept part is even; then the rest is cut. */
function roundedToBrain(k: LaneWriter, x: Lane): Lane {
  const bits = k.bitcast(x);
  const isOdd = k.and(k.shrU(bits, 16), 1);
  const rounded = k.and(k.add(k.add(bits, 0x7fff), isOdd), -0x10000);
  return k.select(k.eq(x, x), k.bitcast(rounded), Number.NaN);
}

const largestExponent = 0x7f800000;
const signBit = -0x80000000;

/**
 * |x| + 2^(e+13) has its last bit where a half with the exponent e has: adding it and taking it off
 * again rounds. The smallest step, 2^-24, is the last bit of 1/2. From 65520 on all is infinite.
 */
function roundedToHalf(k: LaneWriter, x: Lane): Lane {
  const size = k.abs(x);
  const power = k.bitcast(k.and(k.bitcast(size), largestExponent));
  const shifted = k.mul(power, 8192);
  const magic = k.select(k.lt(shifted, 0.5), k.const("f32", 0.5), shifted);
  const rounded = k.sub(k.add(size, magic), magic);
  const bounded = k.select(k.ge(size, 65520), k.const("f32", Infinity), rounded);
  return k.bitcast(k.or(k.bitcast(bounded), k.and(k.bitcast(x), signBit)));
}

/** A half that fits, as its 16 bits in an i32. */
export const packHalf: Readonly<Record<HalfDType, LaneBody>> = {
  bfloat16: traceLanes(["f32"], (k, x) => k.shrU(k.bitcast(x), 16)),
  // 2^-112 brings the exponent to that of a half, subnormal ones too; infinity becomes 0x7c00.
  float16: traceLanes(["f32"], (k, x) => {
    const scaled = k.bitcast(k.mul(x, 2 ** -112));
    const sign = k.and(k.shrU(scaled, 16), 0x8000);
    return k.or(k.and(k.shrU(scaled, 13), 0x7fff), sign);
  }),
};

/** The 16 bits of a half in an i32, as its value. */
export const unpackHalf: Readonly<Record<HalfDType, LaneBody>> = {
  bfloat16: traceLanes(["i32"], (k, bits) => k.bitcast(k.shl(bits, 16))),
  float16: traceLanes(["i32"], (k, bits) => {
    const size = k.shl(k.and(bits, 0x7fff), 13);
    const scaled = k.mul(k.bitcast(size), 2 ** 112);
    const special = k.bitcast(k.or(size, largestExponent));
    const value = k.select(k.ge(scaled, 65536), special, scaled);
    return k.bitcast(k.or(k.bitcast(value), k.shl(k.and(bits, 0x8000), 16)));
  }),
};

const narrowBodies = new Map<DType, LaneBody>();

function narrowingOf(dtype: DType): LaneBody {
  let body = narrowBodies.get(dtype);
  if (!body) {
    body = traceLanes([dtypes[dtype].lane], (k, x) => narrowLane(k, x, dtype));
    narrowBodies.set(dtype, body);
  }
  return body;
}

const narrowed = new WeakMap<LaneBody, Map<string, LaneBody>>();

/** `body`, its one result narrowed to `dtype` unless it fits as it is. `from`: its inputs' dtypes. */
export function narrowBody(
  body: LaneBody,
  from: readonly (DType | null)[],
  dtype: DType,
): LaneBody {
  if (!isHalf(dtype) && !isSmall(dtype)) return body;
  let known = narrowed.get(body);
  if (!known) {
    known = new Map();
    narrowed.set(body, known);
  }
  const key = `${from} ${dtype}`;
  let made = known.get(key);
  if (!made) {
    made = resultFits(body, from, dtype) ? body : followed(body, narrowingOf(dtype));
    known.set(key, made);
  }
  return made;
}

/** The reduction, its result narrowed: states keep all their bits. */
export function narrowReducer(reducer: Reducer, dtype: DType): Reducer {
  const unknown = reducer.state.map(() => null);
  const finish = narrowBody(reducer.finish, unknown, dtype);
  return finish === reducer.finish ? reducer : { ...reducer, finish };
}

/** `second` on the result of `first`. */
function followed(first: LaneBody, second: LaneBody): LaneBody {
  const result = first.outputs[0] as number;
  const ahead = first.inputs.length + first.instructions.length - 1;
  const moved = (at: number): number => (at === 0 ? result : at + ahead);
  const added = second.instructions.map((one) => ({ ...one, args: one.args.map(moved) }));
  return {
    inputs: first.inputs,
    instructions: [...first.instructions, ...added],
    outputs: second.outputs.map(moved),
  };
}

/** What gives one of its operands, or of an integer float no more digits than that has. */
const keepsValues = new Set(["min", "max", "neg", "abs", "floor", "ceil", "trunc", "nearest"]);

function resultFits(body: LaneBody, from: readonly (DType | null)[], dtype: DType): boolean {
  const fits = from.map((own) => own !== null && isWithin(own, dtype));
  for (const one of body.instructions) fits.push(instructionFits(one, fits, dtype));
  return fits[body.outputs[0] as number] as boolean;
}

function instructionFits(
  { op, type, args, value }: LaneInstruction,
  fits: readonly boolean[],
  dtype: DType,
): boolean {
  const all = (operands: readonly number[]): boolean => operands.every((at) => fits[at]);
  if (op === "const") return Object.is(roundTo(dtype, Number(value)), Number(value));
  if (op === "select") return all(args.slice(1));
  if (op === "and" || op === "or" || op === "xor") return type === "i32" && all(args);
  if (op === "not") return type === "i32" && dtype !== "uint8" && all(args);
  if (!keepsValues.has(op)) return false;
  return (type === "f32" || op === "min" || op === "max") && all(args);
}

/** Whether every element of `from` is one of `to`, in the same lane type. */
const isWithin = (from: DType, to: DType): boolean =>
  from === to || (to === "int16" && isSmall(from));
