/** Immediates checked and brought to the form that is written: integers, lanes, splat bytes. */
import { fail } from "../base/errors.ts";
import type { Instruction } from "./opcodes.ts";

// The bytes of the last splat; the caller writes them out before the next one.
const splatBytes = new Uint8Array(16);
const scratch = new DataView(splatBytes.buffer);

export function isIndex(n: number, end: number): boolean {
  return Number.isInteger(n) && n >= 0 && n < end;
}

/** Any integer of 32 bits, signed or unsigned, as a signed one. */
export function toInt32(name: string, n: number): number {
  if (!Number.isInteger(n) || n < -(2 ** 31) || n >= 2 ** 32) {
    fail(name, `wanted an integer of 32 bits, got ${n}`);
  }
  return n | 0;
}

/** Any integer of 64 bits, signed or unsigned, as a signed one. */
export function toInt64(name: string, n: number | bigint): bigint {
  const wanted = `wanted an integer of 64 bits, got ${n}`;
  if (typeof n === "number" && !Number.isSafeInteger(n)) {
    fail(name, `${wanted} (a number is exact below 2^53: give a bigint)`);
  }
  const wide = BigInt(n);
  if (wide < -(2n ** 63n) || wide >= 2n ** 64n) fail(name, wanted);
  return BigInt.asIntN(64, wide);
}

export function toLane({ name, laneCount }: Instruction, lane: number): number {
  if (!isIndex(lane, laneCount)) fail(name, `wanted a lane of 0 … ${laneCount - 1}, got ${lane}`);
  return lane;
}

export function splatInt32(n: number): Uint8Array {
  scratch.setInt32(0, n, true);
  return repeated(4);
}

export function splatFloat32(n: number): Uint8Array {
  scratch.setFloat32(0, n, true);
  return repeated(4);
}

export function splatFloat64(n: number): Uint8Array {
  scratch.setFloat64(0, n, true);
  return repeated(8);
}

function repeated(bytes: number): Uint8Array {
  for (let i = bytes; i < 16; i++) splatBytes[i] = splatBytes[i - bytes] as number;
  return splatBytes;
}
