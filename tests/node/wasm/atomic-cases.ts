/** Oracles of the atomic accesses, on memory as unsigned integers of the access's width. */
import { expect } from "vitest";
import type { AtomicOp, ValueType } from "../../../src/wasm/opcodes.ts";
import { opcodes } from "../../../src/wasm/opcodes.ts";
import type { Bench, Case } from "./bench.ts";
import {
  loadOperand,
  playgroundAt,
  program,
  resultAt,
  same,
  sharedMemory,
  storeResult,
} from "./bench.ts";
import { readLanes, writeLanes } from "./shapes.ts";

interface Outcome {
  memory: bigint;
  result?: bigint;
}

const numbers = [0n, 1n, 0x80n, 0xffn, 0x8000n, 0xffffn, 0x8765_4321n, 0xfedc_ba98_7654_3210n];
const offsets = [0, 8, BigInt(16)];
const background = 0xa5a5_a5a5_a5a5_a5a5n;

/** Runs the access with `operands` on a memory word that holds `old`. */
function access(bench: Bench<AtomicOp>, old: bigint, operands: readonly bigint[]): Outcome[] {
  const { name, addressType } = bench;
  const { buffer } = sharedMemory(addressType);
  const { params, results, log2Bytes } = opcodes[name];
  const types = params.slice(1) as ValueType[];
  return offsets.map((offset) => {
    writeLanes(buffer, playgroundAt + Number(offset), {
      shape: "u64x2",
      lanes: [merged(background, old, log2Bytes), background],
    });
    operands.forEach((operand, i) => {
      const lanes: bigint[] = [BigInt.asUintN(64, operand), 0n];
      writeLanes(buffer, 16 * (i + 1), { shape: "u64x2", lanes });
    });
    writeLanes(buffer, resultAt, { shape: "u64", lanes: [0n] });
    program(addressType, (f) => {
      const produce = () => {
        f.address(playgroundAt);
        types.forEach((type, i) => {
          loadOperand(f, type, i + 1);
        });
        f.atomic(name, { offset });
      };
      const [type] = results as ValueType[];
      if (type === undefined) produce();
      else storeResult(f, type, { produce });
    })();
    const [word, next] = readLanes(buffer, playgroundAt + Number(offset), "u64x2");
    expect(next, `${name}: the word after it`).toBe(background);
    expect(word, `${name}: the bytes beside it`).toBe(merged(background, word, log2Bytes));
    const [result] = readLanes(buffer, resultAt, "u64");
    return { memory: BigInt.asUintN(8 << log2Bytes, word), result };
  });
}

function merged(outside: bigint, inside: bigint, log2Bytes: number): bigint {
  const bits = 8 << log2Bytes;
  return BigInt.asUintN(64, ((outside >> BigInt(bits)) << BigInt(bits)) | cut(inside, log2Bytes));
}

const cut = (x: bigint, log2Bytes: number) => BigInt.asUintN(8 << log2Bytes, x);

function verify(
  bench: Bench<AtomicOp>,
  operands: readonly bigint[],
  oracle: (old: bigint) => Outcome,
) {
  const { log2Bytes } = opcodes[bench.name];
  const old = 0xc3d2_e1f0_9687_7869n;
  const before = cut(old, log2Bytes);
  const wanted = oracle(before);
  for (const { memory, result } of access(bench, old, operands)) {
    const what = `${bench.name} ${operands}`;
    same([memory], [cut(wanted.memory, log2Bytes)], what);
    if (wanted.result !== undefined) same([result], [wanted.result], what);
  }
}

export const atomicLoad: Case<AtomicOp> = (bench) => {
  verify(bench, [], (old) => ({ memory: old, result: old }));
};

export const atomicStore: Case<AtomicOp> = (bench) => {
  for (const x of numbers) verify(bench, [x], () => ({ memory: x }));
};

export function modify(oracle: (old: bigint, x: bigint) => bigint): Case<AtomicOp> {
  return (bench) => {
    for (const x of numbers) verify(bench, [x], (old) => ({ memory: oracle(old, x), result: old }));
  };
}

export const compareExchange: Case<AtomicOp> = (bench) => {
  const { log2Bytes } = opcodes[bench.name];
  const current = cut(0xc3d2_e1f0_9687_7869n, log2Bytes);
  for (const x of numbers) {
    verify(bench, [current, x], (old) => ({ memory: x, result: old }));
    verify(bench, [current ^ 1n, x], (old) => ({ memory: old, result: old }));
  }
};

const notEqual = 1n;
const timedOut = 2n;

/** A wait that ends at once; where the thread may not wait, it traps, as Atomics.wait throws. */
export const wait: Case<AtomicOp> = (bench) => {
  const { log2Bytes } = opcodes[bench.name];
  const current = cut(0xc3d2_e1f0_9687_7869n, log2Bytes);
  if (!canWait()) {
    expect(() => access(bench, current, [current, 0n])).toThrow(WebAssembly.RuntimeError);
    return;
  }
  verify(bench, [current, 0n], (old) => ({ memory: old, result: timedOut }));
  verify(bench, [current, 1000n], (old) => ({ memory: old, result: timedOut }));
  verify(bench, [current ^ 1n, -1n], (old) => ({ memory: old, result: notEqual }));
};

function canWait(): boolean {
  const word = new Int32Array(new SharedArrayBuffer(4));
  try {
    return Atomics.wait(word, 0, 1, 0) === "not-equal";
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

/** Nobody waits. */
export const notify: Case<AtomicOp> = (bench) => {
  verify(bench, [5n], (old) => ({ memory: old, result: 0n }));
};

export const fence = ({ addressType }: Bench): void => {
  program(addressType, (f) => f.op("atomic.fence"))();
};
