// What sorting kernels share: walks over pairs of 64 bits, the key above its position.

import type { FunctionBuilder, Local } from "../../wasm/function.ts";

export const pairBytes = 8;

/** Elements, times their bytes, as an address on the stack. */
export function addressOf(f: FunctionBuilder, elements: Local, bytes: number): void {
  f.get(elements);
  f.addressFromI32();
  f.address(bytes);
  f.addressMul();
}

/** Runs `body` with a pointer to each pair; there is one at least. */
export function eachPair(
  f: FunctionBuilder,
  { from, count }: { from: Local; count: Local },
  body: (pointer: Local) => void,
): void {
  const [pointer, end] = [f.local(f.addressType), f.local(f.addressType)];
  f.get(from);
  f.set(pointer);
  f.get(from);
  addressOf(f, count, pairBytes);
  f.addressAdd();
  f.set(end);
  f.loop((again) => {
    body(pointer);
    f.get(pointer);
    f.address(pairBytes);
    f.addressAdd();
    f.tee(pointer);
    f.get(end);
    f.addressOp("lt_u");
    f.brIf(again);
  });
}
