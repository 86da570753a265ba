// Lanes of a register in another order.

import type { FunctionBuilder, Local } from "../../wasm/function.ts";
import { newRegister, type Register } from "./register.ts";

/** A new register whose lane i is lane `order[i]`; 64-bit lanes lie two in each part. */
export function reorderLanes(
  f: FunctionBuilder,
  register: Register,
  order: readonly number[],
): Register {
  const result = newRegister(f, register.type);
  const [low, high] = register.parts as [Local, Local | undefined];
  result.parts.forEach((part, at) => {
    f.get(low);
    f.get(high ?? low);
    const width = high ? 8 : 4;
    const own = high ? order.slice(at * 2, at * 2 + 2) : order;
    f.shuffle(
      own.flatMap((lane) => Array.from({ length: width }, (_, byte) => lane * width + byte)),
    );
    f.set(part);
  });
  return result;
}
