/** Loads, stores, lanes, constants, shuffle and bulk memory: what moves bytes without computing. */
import { expect } from "vitest";
import type { Access, FunctionBuilder } from "../../../src/wasm/function.ts";
import type {
  LaneOp,
  LoadLaneOp,
  LoadOp,
  ShuffleOp,
  StoreLaneOp,
  StoreOp,
  ValueType,
} from "../../../src/wasm/opcodes.ts";
import type { Bench, Case } from "./bench.ts";
import {
  loadOperand,
  newMemory,
  operandTypes,
  operation,
  playgroundAt,
  program,
  resultAt,
  resultType,
  same,
  sharedMemory,
  storeResult,
} from "./bench.ts";
import type { LaneOf, Shape } from "./shapes.ts";
import { readLanes, samples, stored, writeLanes } from "./shapes.ts";

const pattern = (i: number) => (i * 73 + 0x9d) & 0xff;
const playgroundBytes = 64;

/** Addresses and accesses that meet at different bytes of the playground, aligned and not. */
const places: readonly { address: number; access: Access; at: number }[] = [
  { address: playgroundAt, access: {}, at: 0 },
  { address: playgroundAt + 7, access: { align: 0 }, at: 7 },
  { address: playgroundAt + 1, access: { offset: 4 }, at: 5 },
  { address: 3, access: { offset: playgroundAt }, at: 3 },
  { address: 0, access: { offset: BigInt(playgroundAt + 32), align: 0 }, at: 32 },
];

function playground(buffer: ArrayBufferLike): Uint8Array {
  const bytes = new Uint8Array(buffer, playgroundAt, playgroundBytes);
  for (let i = 0; i < bytes.length; i++) bytes[i] = pattern(i);
  return bytes;
}

/** The value that sixteen bytes from the address stand for. */
export function loaded<M extends Shape, O extends Shape>(memory: M, output: O) {
  return (arrange: (lanes: LaneOf<M>[]) => LaneOf<O>[]): Case<LoadOp> =>
    ({ name, addressType }) => {
      const { buffer } = sharedMemory(addressType);
      const bytes = playground(buffer);
      for (const { address, access, at } of places) {
        const produce = (f: FunctionBuilder) => () => {
          f.address(address);
          f.load(name, access);
        };
        const type = resultType(name, addressType);
        program(addressType, (f) => storeResult(f, type, { produce: produce(f) }))();
        const source = lanesOf(bytes.slice(at, at + 16), memory);
        const wanted = stored(output, arrange(source));
        same(readLanes(buffer, resultAt, output), wanted, `${name} at ${at}`);
      }
    };
}

function lanesOf<S extends Shape>(bytes: Uint8Array, shape: S): LaneOf<S>[] {
  const wide: Partial<Record<Shape, Shape>> = { i32: "i32x4", i64: "i64x2" };
  return readLanes(Uint8Array.from(bytes).buffer, 0, wide[shape] ?? shape) as LaneOf<S>[];
}

/** The first bytes of the operand lie at the address, and nothing beside them has changed. */
export function written(byteCount: number): Case<StoreOp> {
  return ({ name, addressType }) => {
    const { buffer } = sharedMemory(addressType);
    const [, type] = operandTypes(name, addressType) as [ValueType, ValueType];
    const operand = new Uint8Array(buffer, 16, 16).map((_, i) => 200 + i);
    new Uint8Array(buffer, 16, 16).set(operand);
    for (const { address, access, at } of places) {
      const bytes = playground(buffer);
      const wanted = Array.from(bytes);
      wanted.splice(at, byteCount, ...operand.slice(0, byteCount));
      program(addressType, (f) => {
        f.address(address);
        loadOperand(f, type, 1);
        f.store(name, access);
      })();
      same(Array.from(bytes), wanted, `${name} at ${at}`);
    }
  };
}

/** One lane comes from memory, the others from the operand. */
export function laneLoaded(byteCount: number): Case<LoadLaneOp> {
  return ({ name, addressType }) => {
    const { buffer } = sharedMemory(addressType);
    const bytes = playground(buffer);
    writeLanes(buffer, 16, { shape: "u8x16", lanes: sixteen((i) => 100 + i) });
    for (const { address, access, at } of places) {
      for (let lane = 0; lane < 16 / byteCount; lane++) {
        const produce = (f: FunctionBuilder) => () => {
          f.address(address);
          loadOperand(f, "v128", 1);
          f.loadLane(name, lane, access);
        };
        program(addressType, (f) => storeResult(f, "v128", { produce: produce(f) }))();
        const wanted = sixteen((i) => 100 + i);
        wanted.splice(lane * byteCount, byteCount, ...bytes.slice(at, at + byteCount));
        same(readLanes(buffer, resultAt, "u8x16"), wanted, `${name} ${lane} at ${at}`);
      }
    }
  };
}

/** One lane goes to memory, and nothing beside it has changed. */
export function laneWritten(byteCount: number): Case<StoreLaneOp> {
  return ({ name, addressType }) => {
    const { buffer } = sharedMemory(addressType);
    writeLanes(buffer, 16, { shape: "u8x16", lanes: sixteen((i) => 100 + i) });
    for (const { address, access, at } of places) {
      for (let lane = 0; lane < 16 / byteCount; lane++) {
        const bytes = playground(buffer);
        const wanted = Array.from(bytes);
        const source = sixteen((i) => 100 + i).slice(lane * byteCount, (lane + 1) * byteCount);
        wanted.splice(at, byteCount, ...source);
        program(addressType, (f) => {
          f.address(address);
          loadOperand(f, "v128", 1);
          f.storeLane(name, lane, access);
        })();
        same(Array.from(bytes), wanted, `${name} ${lane} at ${at}`);
      }
    }
  };
}

export function extracted<I extends Shape, O extends Shape>(input: I, output: O): Case<LaneOp> {
  return (bench) => {
    const { buffer } = sharedMemory(bench.addressType);
    const numbers = samples(input);
    const lanes = readLanes(buffer, 0, input).map((_, i) => numbers[(i + 1) % numbers.length]);
    lanes.forEach((value, lane) => {
      writeLanes(buffer, 0, { shape: input, lanes });
      operation(bench, (f) => f.lane(bench.name, lane))();
      const wanted = stored(output, [value as unknown as LaneOf<O>]);
      same(readLanes(buffer, resultAt, output), wanted, `${bench.name} ${lane}`);
    });
  };
}

export function replaced<I extends Shape, O extends Shape>(vector: I, scalar: O): Case<LaneOp> {
  return (bench) => {
    const { buffer } = sharedMemory(bench.addressType);
    const numbers = samples(vector);
    const lanes = readLanes(buffer, 0, vector).map((_, i) => numbers[(i + 3) % numbers.length]);
    lanes.forEach((_, lane) => {
      const value = numbers[lane % numbers.length] as LaneOf<I>;
      writeLanes(buffer, 0, { shape: vector, lanes });
      const operand = [value as unknown as LaneOf<O>];
      writeLanes(buffer, 16, { shape: scalar, lanes: operand });
      operation(bench, (f) => f.lane(bench.name, lane))();
      same(readLanes(buffer, resultAt, vector), lanes.with(lane, value), `${bench.name} ${lane}`);
    });
  };
}

export const shuffled: Case<ShuffleOp> = (bench) => {
  const { buffer } = sharedMemory(bench.addressType);
  const lanes = sixteen((i) => (i * 11 + 5) % 32);
  writeLanes(buffer, 0, { shape: "u8x16", lanes: sixteen((i) => 10 + i) });
  writeLanes(buffer, 16, { shape: "u8x16", lanes: sixteen((i) => 26 + i) });
  operation(bench, (f) => f.shuffle(lanes))();
  const wanted = lanes.map((lane) => 10 + lane);
  same(readLanes(buffer, resultAt, "u8x16"), wanted, bench.name);
};

/** Each constant of a list reads back as what it was. */
export function constants<S extends Shape>(
  type: ValueType,
  shape: S,
  list: readonly { write: (f: FunctionBuilder) => void; lanes: LaneOf<S>[] }[],
) {
  return ({ name, addressType }: Bench) => {
    const { buffer } = sharedMemory(addressType);
    for (const { write, lanes } of list) {
      program(addressType, (f) => storeResult(f, type, { produce: () => write(f) }))();
      same(readLanes(buffer, resultAt, shape), lanes, name);
    }
  };
}

export function sixteen(byte: (i: number) => number): number[] {
  return Array.from({ length: 16 }, (_, i) => byte(i));
}

/** In a memory of its own, since a shared one never shrinks again. */
export const grown = ({ name, addressType }: Bench): void => {
  const memory = newMemory(addressType);
  const growBy = (pages: number) => {
    const produce = (f: FunctionBuilder) => () => {
      f.address(pages);
      f.op("memory.grow");
    };
    program(addressType, (f) => storeResult(f, addressType, { produce: produce(f) }), memory)();
    return readLanes(memory.buffer, resultAt, "i32")[0];
  };
  expect([growBy(1), growBy(2), growBy(1)], name).toEqual([1, 2, -1]);
  expect(memory.buffer.byteLength).toBe(4 * 65536);
};

export const sized = ({ addressType }: Bench): void => {
  const produce = (f: FunctionBuilder) => () => f.op("memory.size");
  program(addressType, (f) => storeResult(f, addressType, { produce: produce(f) }))();
  const { buffer } = sharedMemory(addressType);
  expect(readLanes(buffer, resultAt, "i32")).toEqual([buffer.byteLength / 65536]);
};

export const copied = ({ name, addressType }: Bench): void => {
  const { buffer } = sharedMemory(addressType);
  const bytes = playground(buffer);
  const wanted = Array.from(bytes).copyWithin(5, 2, 2 + 20);
  program(addressType, (f) => {
    for (const n of [playgroundAt + 5, playgroundAt + 2, 20]) f.address(n);
    f.op("memory.copy");
  })();
  same(Array.from(bytes), wanted, name);
};

export const filled = ({ name, addressType }: Bench): void => {
  const { buffer } = sharedMemory(addressType);
  const bytes = playground(buffer);
  const wanted = Array.from(bytes).fill(0xab, 3, 3 + 19);
  program(addressType, (f) => {
    f.address(playgroundAt + 3);
    f.i32(0x1ab);
    f.address(19);
    f.op("memory.fill");
  })();
  same(Array.from(bytes), wanted, name);
};
