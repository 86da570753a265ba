import { describe, expect, test } from "vitest";
import { openInline } from "../../src/runtime/inline.ts";
import {
  countProgram,
  kernelModule,
  makeProgram,
  mixedProgram,
  mixedScalars,
  mixedUnits,
  scalar,
  spinProgram,
} from "./runtime-programs.ts";

const unshared = kernelModule(false);

describe("the inline executor", () => {
  test("gives the same bits on shared memory and on memory that is not", async () => {
    const bits = [true, false].map(async (shared) => {
      const executor = openInline({ shared });
      const { address } = executor.heap.allocate(mixedUnits * 4);
      const binding = { inputs: [], outputs: [address], scalars: mixedScalars };
      await executor.run(mixedProgram(kernelModule(shared)), binding);
      return new Uint8Array(await executor.copyOut(address, mixedUnits * 4));
    });
    const [first, second] = await Promise.all(bits);
    expect(first).toEqual(second);
    expect(first?.some((byte) => byte !== 0)).toBe(true);
  });

  test("runs at once when asked to, after what waits", async () => {
    const executor = openInline();
    const { address } = executor.heap.allocate(4);
    executor.heap.bytesAt(address, 4).fill(0);
    const binding = { inputs: [address], outputs: [], scalars: [] };
    const waiting = executor.run(countProgram(unshared, 5), binding);
    expect(executor.runSync(countProgram(unshared, 2), binding)).toEqual({
      fault: null,
      trace: [],
    });
    expect(new Int32Array(executor.heap.memory.buffer, address, 1)[0]).toBe(7);
    await waiting;
  });

  test("lets other tasks in, and may be aborted by one, also while memory grows", async () => {
    const executor = openInline({ maxBytes: 2 ** 28 });
    const controller = new AbortController();
    const binding = { inputs: [], outputs: [], scalars: [1_000_000] };
    const spinning = spinProgram(unshared, 100_000);
    const { signal } = controller;
    const run = executor.run(spinning, binding, { signal });
    setTimeout(() => executor.heap.allocate(2 ** 26), 5);
    setTimeout(() => controller.abort(), 50);
    await expect(run).rejects.toMatchObject({ kind: "aborted" });
    await executor.run(spinProgram(unshared, 3), binding);
  });

  test("rejects a trap with its launch and label, and goes on", async () => {
    const executor = openInline();
    const program = makeProgram({
      module: unshared,
      stages: [
        [
          { kernel: "spin", units: 2, grain: 1, cells: [scalar(1, "i32")] },
          { kernel: "trapAt", units: 9, grain: 2, cells: [scalar(0, "i32")] },
        ],
      ],
      scalarCount: 2,
    });
    const binding = { inputs: [], outputs: [], scalars: [8, 10] };
    const trapped = { kind: "trap", launch: 1 };
    await expect(executor.run(program, binding)).rejects.toMatchObject(trapped);
    expect(() => executor.runSync(program, binding)).toThrow("run: launch 1, trapAt [9]:");
    expect(executor.runSync(program, { ...binding, scalars: [9, 10] }).fault).toBeNull();
  });

  test("copies in and out, in slices when there is much", async () => {
    const executor = openInline();
    for (const length of [5, 3 * 2 ** 20 + 1]) {
      const bytes = Uint8Array.from({ length }, (_, index) => index * 7);
      const { address } = executor.heap.allocate(length);
      await executor.copyIn(bytes, address);
      const copy = await executor.copyOut(address, length);
      expect(Buffer.compare(new Uint8Array(copy), bytes)).toBe(0);
    }
  });

  test("rejects what is asked of it when it is closed", async () => {
    const executor = openInline();
    const binding = { inputs: [], outputs: [], scalars: [1000] };
    const waiting = executor.run(spinProgram(unshared, 10), binding);
    await Promise.all([
      executor.close(),
      expect(waiting).rejects.toMatchObject({ kind: "closed" }),
    ]);
    await expect(executor.run(spinProgram(unshared, 1), binding)).rejects.toThrow("closed");
  });

  test("may share the heap of another executor", () => {
    const one = openInline({ shared: true });
    const two = openInline({ heap: one.heap });
    expect(two.heap).toBe(one.heap);
  });
});
