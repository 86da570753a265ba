// Counter-based random bits: Philox 4×32 with ten rounds. Four words for each (counter, key), the same
// on every machine and for every split of the work; and how they become numbers.

import type { Lane, LaneWriter } from "../../base/trace-lanes.ts";
import { logOfNormal } from "./logarithm.ts";
import { sineOfRest } from "./trigonometric.ts";

export type Words = readonly [Lane, Lane, Lane, Lane];
type Key = Lane | number;

const multipliers = [0xd2511f53 | 0, 0xcd9e8d57 | 0] as const;
const weyl = [0x9e3779b9 | 0, 0xbb67ae85 | 0] as const;
const rounds = 10;

/** Four random words of element `index` in the op numbered `counter`; the keys are the seed. */
export function philox(
  k: LaneWriter,
  index: Lane,
  key0: Key,
  key1: Key,
  counter: Lane | number = 0,
): Words {
  const zero = k.const("i32", 0);
  return philoxOfBlock(k, [index, zero, word(k, counter), zero], [key0, key1]);
}

/** The block function itself, on any counter. */
export function philoxOfBlock(k: LaneWriter, block: Words, key: readonly [Key, Key]): Words {
  let [a, b, c, d] = block;
  for (let round = 0; round < rounds; round++) {
    const [high0, low0] = [k.mulhi(a, multipliers[0]), k.mul(a, multipliers[0])];
    const [high1, low1] = [k.mulhi(c, multipliers[1]), k.mul(c, multipliers[1])];
    const [keyA, keyB] = [roundKey(k, key[0], weyl[0], round), roundKey(k, key[1], weyl[1], round)];
    [a, b, c, d] = [k.xor(k.xor(high1, b), keyA), low1, k.xor(k.xor(high0, d), keyB), low0];
  }
  return [a, b, c, d];
}

const word = (k: LaneWriter, value: Lane | number): Lane =>
  typeof value === "number" ? k.const("i32", value | 0) : value;

function roundKey(k: LaneWriter, key: Key, step: number, round: number): Lane {
  const bump = Math.imul(step, round);
  return typeof key === "number" ? word(k, key + bump) : k.add(key, bump);
}

/** [0, 1) in f32, a multiple of 2^-24. */
export function uniform(k: LaneWriter, bits: Lane): Lane {
  return k.mul(k.convert(k.shrU(bits, 8), "f32"), 2 ** -24);
}

/** [0, 1) in f64, a multiple of 2^-53. */
export function uniformDouble(k: LaneWriter, high: Lane, low: Lane): Lane {
  const upper = k.convert(k.shrU(high, 5), "f64");
  return k.mul(k.madd(upper, 2 ** 26, k.convert(k.shrU(low, 6), "f64")), 2 ** -53);
}

/**
 * Two independent standard normals in f32, by Box and Muller: √(-2 log u) · (±cos πv, sin πv) with v in
 * [-½, ½) and a random sign; cos πv = sin π(½ - |v|).
 */
export function normalPair(k: LaneWriter, bitsOfRadius: Lane, bitsOfAngle: Lane): [Lane, Lane] {
  const u = k.mul(k.convert(k.add(k.shrU(bitsOfRadius, 8), 1), "f32"), 2 ** -24); // (0, 1]
  const radius = k.sqrt(k.mul(logOfNormal(k, u), -2));
  const v = k.mul(k.convert(k.shrS(bitsOfAngle, 8), "f32"), 2 ** -24);
  const sine = sineOfRest(k, k.mul(v, Math.PI));
  const cosine = sineOfRest(k, k.mul(k.sub(0.5, k.abs(v)), Math.PI));
  const signed = k.bitcast(k.xor(k.bitcast(cosine), k.shl(bitsOfAngle, 31)));
  return [k.mul(radius, signed), k.mul(radius, sine)];
}
