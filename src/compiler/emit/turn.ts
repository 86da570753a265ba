// turn: four vectors down the columns of a 4 × 4 block → four along its rows, by shuffles alone.

import type { FunctionBuilder, Local } from "../../wasm/function.ts";
import { newRegister, type Register } from "./register.ts";

export function turned(f: FunctionBuilder, down: readonly Register[]): Register[] {
  const { type } = down[0] as Register;
  const along = down.map(() => newRegister(f, type));
  if (type === "f64") turn64(f, down, along);
  else turn32(f, down, along);
  return along;
}

/** Each part of a row is half a part of two columns. */
function turn64(f: FunctionBuilder, down: readonly Register[], along: readonly Register[]): void {
  along.forEach(({ parts }, row) => {
    parts.forEach((part, half) => {
      const [left, right] = down.slice(2 * half, 2 * half + 2) as [Register, Register];
      const from = row >> 1;
      pick(f, part, [left.parts[from], right.parts[from]], pairs64[row & 1]);
    });
  });
}

function turn32(f: FunctionBuilder, down: readonly Register[], along: readonly Register[]): void {
  const [a, b, c, d] = down.map(({ parts }) => parts[0]);
  for (const half of [0, 1]) {
    const [left, right] = [f.local("v128"), f.local("v128")];
    pick(f, left, [a, b], interleaved32[half]);
    pick(f, right, [c, d], interleaved32[half]);
    for (const odd of [0, 1]) {
      pick(f, along[2 * half + odd]?.parts[0], [left, right], pairs64[odd]);
    }
  }
}

function pick(
  f: FunctionBuilder,
  into: Local | undefined,
  from: readonly (Local | undefined)[],
  bytes: readonly number[] = [],
): void {
  for (const local of from) f.get(local as Local);
  f.shuffle(bytes);
  f.set(into as Local);
}

const bytesOf = (lanes: readonly number[], width: number): number[] =>
  lanes.flatMap((lane) => Array.from({ length: width }, (_, byte) => lane * width + byte));

/** The first, or second, 64 bits of two vectors. */
const pairs64 = [bytesOf([0, 2], 8), bytesOf([1, 3], 8)];
/** The lower, or upper, 32-bit lanes of two vectors in turn. */
const interleaved32 = [bytesOf([0, 4, 1, 5], 4), bytesOf([2, 6, 3, 7], 4)];
