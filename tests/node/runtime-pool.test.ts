import { afterEach, describe, expect, test } from "vitest";
import { capabilities } from "../../src/runtime/capabilities.ts";
import type { Executor } from "../../src/runtime/executor.ts";
import { openInline } from "../../src/runtime/inline.ts";
import { openPool, type PoolOptions } from "../../src/runtime/pool.ts";
import {
  countProgram,
  input,
  kernelModule,
  makeProgram,
  mixedProgram,
  mixedScalars,
  mixedUnits,
  output,
  scalar,
} from "./runtime-programs.ts";

const module = kernelModule(true);
const opened: Executor[] = [];

async function pool(options: PoolOptions): Promise<Executor> {
  const executor = await openPool(options);
  opened.push(executor);
  return executor;
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((executor) => executor.close()));
});

async function mixedBits(executor: Executor): Promise<Uint8Array> {
  const { address } = executor.heap.allocate(mixedUnits * 4);
  const binding = { inputs: [], outputs: [address], scalars: mixedScalars };
  await executor.run(mixedProgram(module), binding);
  return new Uint8Array(await executor.copyOut(address, mixedUnits * 4));
}

/** The same formula in JavaScript. */
function mixedOracle(): Float32Array {
  const [value, factor] = mixedScalars as [number, number];
  const scaled = Math.fround(Math.fround(value) * Math.fround(factor));
  const y = Float32Array.from({ length: mixedUnits }, (_, i) => scaled + Math.fround(i));
  const sum = (part: Float32Array) => part.reduce((x, z) => Math.fround(x + z), 0);
  const partials = Float32Array.from({ length: 100 }, (_, i) =>
    sum(y.slice(i * 100, i * 100 + 100)),
  );
  return y.map((x) => x + sum(partials));
}

describe("a pool", () => {
  test("gives the same bits for 1, 2, 3 and 8 workers, inline, and in JavaScript", async () => {
    const expected = new Uint8Array(mixedOracle().buffer);
    expect(await mixedBits(openInline({ shared: true }))).toEqual(expected);
    for (const workers of [1, 2, 3, 8]) {
      const executor = await pool({ workers });
      expect(executor.workers).toBe(workers);
      for (let repeat = 0; repeat < 5; repeat++)
        expect(await mixedBits(executor)).toEqual(expected);
    }
  });

  test("has as many workers as cores unless told", async () => {
    expect((await pool({})).workers).toBe(capabilities().cores);
    await expect(openPool({ workers: 0 })).rejects.toThrow("workers: wanted an integer from 1 on");
  });

  test("carries out 1000 runs in order that nobody waited for", async () => {
    const executor = await pool({ workers: 3 });
    const { heap } = executor;
    const { address } = heap.allocate(4);
    heap.bytesAt(address, 4).fill(0);
    const binding = { inputs: [address], outputs: [], scalars: [] };
    const small = countProgram(module, 1);
    const wide = makeProgram({
      module,
      stages: [
        [{ kernel: "scale", units: 300, grain: 7, cells: [input(1), input(1), scalar(0, "f64")] }],
        { serial: [{ kernel: "count", units: 1, cells: [input(0)] }] },
      ],
      inputCount: 2,
      scalarCount: 1,
    });
    const buffer = heap.allocate(1200).address;
    const settled: number[] = [];
    const runs = Array.from({ length: 1000 }, async (_, index) => {
      if (index % 3 > 0) await executor.run(small, binding);
      else await executor.run(wide, { inputs: [address, buffer], outputs: [], scalars: [index] });
      settled.push(index);
    });
    await Promise.all(runs);
    expect(new Int32Array(heap.memory.buffer, address, 1)[0]).toBe(1000);
    expect(settled).toEqual(Array.from(settled.keys()));
  });

  test("keeps the arena of runs in flight when a larger one is wanted", async () => {
    const executor = await pool({ workers: 2 });
    const programs = [1, 2, 4].map((size) => {
      const at = { kind: "address", from: "arena", index: 0, offset: size * 2 ** 20 - 4 } as const;
      return makeProgram({
        module,
        stages: [
          [{ kernel: "fill", units: 1, cells: [at, scalar(0, "f32")] }],
          [{ kernel: "add", units: 1, cells: [output(0), at, at] }],
        ],
        outputs: [4],
        scalarCount: 1,
        arenaBytes: size * 2 ** 20,
      });
    });
    const results = await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        const { address } = executor.heap.allocate(4);
        const binding = { inputs: [], outputs: [address], scalars: [index] };
        await executor.run(programs[index % 3]!, binding);
        return new Float32Array(await executor.copyOut(address, 4))[0];
      }),
    );
    expect(results).toEqual(Array.from({ length: 60 }, (_, index) => 2 * index));
    expect(executor.heap.stats().usedBytes).toBeLessThan(6 * 2 ** 20);
  });

  test("forgets programs that were not used for long, and takes them again", async () => {
    const executor = await pool({ workers: 2 });
    const { address } = executor.heap.allocate(4);
    executor.heap.bytesAt(address, 4).fill(0);
    const binding = { inputs: [address], outputs: [], scalars: [] };
    const programs = Array.from({ length: 300 }, () => countProgram(module, 1));
    const all = [...programs, ...programs.slice(0, 40)];
    await Promise.all(all.map((program) => executor.run(program, binding)));
    expect(new Int32Array(executor.heap.memory.buffer, address, 1)[0]).toBe(340);
  });

  test("hands back the fault record, launch and value", async () => {
    const executor = await pool({ workers: 2 });
    const program = makeProgram({
      module,
      stages: [
        [{ kernel: "spin", units: 4, grain: 1, cells: [scalar(0, "i32")] }],
        [{ kernel: "fault", units: 1, cells: [{ kind: "fault" }, { kind: "launch" }] }],
      ],
      scalarCount: 1,
    });
    const binding = { inputs: [], outputs: [], scalars: [10] };
    expect((await executor.run(program, binding)).fault).toEqual({ launch: 1, value: 0 });
    const faultless = makeProgram({ module, stages: [] });
    expect((await executor.run(faultless, { ...binding, scalars: [] })).fault).toBeNull();
  });

  test("traces every tile and every serial launch", async () => {
    const executor = await pool({ workers: 2 });
    const { address } = executor.heap.allocate(mixedUnits * 4);
    const binding = { inputs: [], outputs: [address], scalars: mixedScalars };
    const program = mixedProgram(module);
    const before = performance.now();
    const { trace } = await executor.run(program, binding, { trace: true });
    const tiles = program.stages.reduce((sum, stage) => sum + stage.tiles, 0);
    expect(trace.length).toBe(tiles);
    const names = new Set(trace.map(({ stage, tile }) => `${stage}:${tile}`));
    expect(names.size).toBe(tiles);
    for (const { begin, end, worker, stage, launch } of trace) {
      expect(begin).toBeGreaterThan(before - 5);
      expect(end).toBeGreaterThanOrEqual(begin);
      expect(end).toBeLessThan(performance.now() + 5);
      expect([0, 1]).toContain(worker);
      expect(launch).toBe(stage);
    }
    expect((await executor.run(program, binding)).trace).toEqual([]);
  });

  test("copies large buffers in and out whole", async () => {
    const executor = await pool({ workers: 2 });
    const length = 9 * 2 ** 20 + 5;
    const bytes = Uint8Array.from({ length }, (_, index) => (index * 2654435761) >>> 13);
    const { address } = executor.heap.allocate(length);
    await executor.copyIn(bytes, address);
    const copy = new Uint8Array(await executor.copyOut(address, length));
    expect(Buffer.compare(copy, bytes)).toBe(0);
    expect(copy.buffer).toBeInstanceOf(ArrayBuffer);
  });

  test("copies small buffers in before the call returns", async () => {
    const executor = await pool({ workers: 1 });
    const { address } = executor.heap.allocate(256 * 1024);
    const copied = executor.copyIn(new Uint8Array(256 * 1024).fill(9), address);
    expect(executor.heap.bytesAt(address, 256 * 1024).every((byte) => byte === 9)).toBe(true);
    await copied;
  });

  test("sees memory that grew after the workers began", async () => {
    const executor = await pool({ workers: 2 });
    await mixedBits(executor);
    executor.heap.allocate(100 * 2 ** 20);
    expect(await mixedBits(executor)).toEqual(new Uint8Array(mixedOracle().buffer));
  });
});
