/**
 * What this WebAssembly engine accepts, asked by validating a module of one function. Each answer
 * is found when it is first wanted and kept. That memory can be shared at all is another
 * question: a page must be cross-origin isolated for it.
 */
import type { FunctionBuilder } from "./function.ts";
import type { MemoryOptions } from "./module.ts";
import { ModuleBuilder } from "./module.ts";

const plainMemory: MemoryOptions = { shared: false, minPages: 0, maxPages: 1, addressType: "i32" };

export const fixedSimd = feature(plainMemory, (f) => {
  f.v128i32(0);
  f.drop();
});

export const relaxedSimd = feature(plainMemory, (f) => {
  f.v128f32(1);
  f.v128f32(1);
  f.v128f32(1);
  f.op("f32x4.relaxed_madd");
  f.drop();
});

const wideAddresses = feature({ ...plainMemory, addressType: "i64" }, (f) => {
  f.address(0);
  f.load("i32.load");
  f.drop();
});

/** The instructions and the standard way to make such a memory: older engines had another. */
export function memory64(): boolean {
  return wideAddresses() && makesWideMemory();
}

export const threads = feature({ ...plainMemory, shared: true }, (f) => {
  f.address(0);
  f.atomic("i32.atomic.load");
  f.drop();
});

function feature(memory: MemoryOptions, body: (f: FunctionBuilder) => void): () => boolean {
  let isAccepted: boolean | undefined;
  return () => {
    isAccepted ??= isValid(memory, body);
    return isAccepted;
  };
}

function isValid(memory: MemoryOptions, body: (f: FunctionBuilder) => void): boolean {
  const module = new ModuleBuilder({ memory, simd: "relaxed" });
  module.func("probe", [], [], body);
  return WebAssembly.validate(module.toBytes());
}

function makesWideMemory(): boolean {
  const wide = { address: "i64", initial: 0n, maximum: 0n };
  try {
    return new WebAssembly.Memory(wide as unknown as WebAssembly.MemoryDescriptor) !== null;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}
