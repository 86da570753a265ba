/**
 * Runs one instruction in a module of its own and compares with JavaScript.
 *
 *     memory   operand 0 | operand 1 | operand 2 | … | result at 128 | playground from 1024
 *              each 16 bytes apart, always through memory, so that no bit is lost on the way
 */
import { expect } from "vitest";
import type { FunctionBuilder } from "../../../src/wasm/function.ts";
import { ModuleBuilder } from "../../../src/wasm/module.ts";
import type { AddressType, Operand, OpName, ValueType } from "../../../src/wasm/opcodes.ts";
import { opcodes } from "../../../src/wasm/opcodes.ts";

export interface Bench<N extends OpName = OpName> {
  readonly name: N;
  readonly addressType: AddressType;
}

export type Case<N extends OpName> = (bench: Bench<N>) => void;

export const resultAt = 128;
export const playgroundAt = 1024;

const maxPages = 4;
const memories = new Map<AddressType, WebAssembly.Memory>();

/** One shared memory for each address type: engines set aside gigabytes of addresses for one. */
export function sharedMemory(addressType: AddressType): WebAssembly.Memory {
  const known = memories.get(addressType);
  if (known !== undefined) return known;
  const made = newMemory(addressType);
  memories.set(addressType, made);
  return made;
}

export function newMemory(addressType: AddressType): WebAssembly.Memory {
  const size = (pages: number) => (addressType === "i64" ? BigInt(pages) : pages) as number;
  const limits = { initial: size(1), maximum: size(maxPages), shared: true };
  return new WebAssembly.Memory({
    ...limits,
    address: addressType,
  } as WebAssembly.MemoryDescriptor);
}

export function newModule(addressType: AddressType): ModuleBuilder {
  const memory = { shared: true, minPages: 1, maxPages, addressType };
  return new ModuleBuilder({ memory, simd: "relaxed" });
}

export function instantiate(
  module: ModuleBuilder,
  env: WebAssembly.ModuleImports = {},
): Record<string, (...args: unknown[]) => unknown> {
  const compiled = new WebAssembly.Module(module.toBytes());
  const memory = sharedMemory(module.addressType);
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory, ...env } });
  return exports as Record<string, (...args: unknown[]) => unknown>;
}

/** A function without parameters and results, ready to be called. */
export function program(
  addressType: AddressType,
  body: (f: FunctionBuilder) => void,
  memory = sharedMemory(addressType),
): () => void {
  const module = newModule(addressType);
  module.func("run", [], [], body);
  const run = instantiate(module, { memory }).run;
  return run as () => void;
}

export function operandTypes(name: OpName, addressType: AddressType): readonly ValueType[] {
  return opcodes[name].params.map((type) => valueType(type, addressType));
}

export function resultType(name: OpName, addressType: AddressType): ValueType {
  const [type] = opcodes[name].results;
  if (type === undefined) throw new Error(`${name} has no result`);
  return valueType(type, addressType);
}

function valueType(type: Operand, addressType: AddressType): ValueType {
  return type === "address" ? addressType : type;
}

export function loadOperand(f: FunctionBuilder, type: ValueType, slot: number): void {
  f.address(slot * 16);
  f.load(`${type}.load`);
}

/** Writes what `produce` leaves on the stack to result slot `slot`. */
export function storeResult(
  f: FunctionBuilder,
  type: ValueType,
  { slot = 0, produce }: { slot?: number; produce: () => void },
): void {
  f.address(resultAt + slot * 16);
  produce();
  f.store(`${type}.store`);
}

/** Loads all operands, runs `write`, stores the result. */
export function operation(
  { name, addressType }: Bench,
  write: (f: FunctionBuilder) => void,
): () => void {
  return program(addressType, (f) => {
    const types = operandTypes(name, addressType);
    const produce = () => {
      types.forEach((type, slot) => {
        loadOperand(f, type, slot);
      });
      write(f);
    };
    storeResult(f, resultType(name, addressType), { produce });
  });
}

/** Fails with what was done, unless the numbers are the same; all NaN count as one number. */
export function same(got: readonly unknown[], wanted: readonly unknown[], what: string): void {
  const isSame = got.length === wanted.length && got.every((x, i) => Object.is(x, wanted[i]));
  if (!isSame) expect.fail(`${what}: wanted ${show(wanted)}, got ${show(got)}`);
}

/** As `same`, but each number may be any of several. */
export function among(got: readonly unknown[], allowed: readonly unknown[][], what: string): void {
  const isAllowed = got.every((x, i) => allowed[i]?.some((y) => Object.is(x, y)));
  if (!isAllowed) {
    expect.fail(`${what}: wanted one of each ${allowed.map(show).join(" ")}, got ${show(got)}`);
  }
}

export function show(numbers: ArrayLike<unknown>): string {
  return `[${Array.from(numbers, (x) => (Object.is(x, -0) ? "-0" : String(x))).join(" ")}]`;
}
