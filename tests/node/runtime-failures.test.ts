import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Program } from "../../src/base/program.ts";
import { type Executor, RunError } from "../../src/runtime/executor.ts";
import { OutOfMemoryError } from "../../src/runtime/heap.ts";
import { openPool, type PoolOptions } from "../../src/runtime/pool.ts";
import { spawnWorker, type WorkerLike } from "../../src/runtime/spawn.ts";
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

const module = kernelModule(true);
const opened: Executor[] = [];
const nothing = { inputs: [], outputs: [], scalars: [] };
/** Scalars of a spinProgram: a tile of about a millisecond, and one without an end in sight. */
const brief = { ...nothing, scalars: [1_000_000] };
const endless = { ...nothing, scalars: [0] };

async function pool(options: PoolOptions): Promise<Executor> {
  const executor = await openPool(options);
  opened.push(executor);
  return executor;
}

/** A pool whose workers can be got at. */
async function exposedPool(options: PoolOptions) {
  const workers: WorkerLike[] = [];
  const spawn = () => {
    const worker = spawnWorker("kernel");
    workers.push(worker);
    return worker;
  };
  return { executor: await pool({ ...options, spawn }), workers };
}

/** The threads of the pools that are opened from now on, in no certain order. */
function catchThreads(): Worker[] {
  const threads: Worker[] = [];
  const spy = vi.spyOn(Worker.prototype, "unref").mockImplementation(function (this: Worker) {
    if (!threads.includes(this)) threads.push(this);
  });
  opened.push({ close: async () => spy.mockRestore() } as Executor);
  return threads;
}

/** Makes a worker throw, uncaught, when it comes to the message. */
function crash(worker: WorkerLike): void {
  // No request of Comlink's: its handler does not expect an argument that is null.
  worker.endpoint.postMessage({ type: "APPLY", argumentList: [null] });
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((executor) => executor.close()));
});

function counter(executor: Executor) {
  const { address } = executor.heap.allocate(4);
  executor.heap.bytesAt(address, 4).fill(0);
  return {
    binding: { inputs: [address], outputs: [], scalars: [] },
    value: () => new Int32Array(executor.heap.memory.buffer, address, 1)[0],
  };
}

function trapProgram(): Program {
  return makeProgram({
    module,
    stages: [
      [{ kernel: "spin", units: 6, grain: 1, cells: [scalar(1, "i32")] }],
      [{ kernel: "trapAt", units: 100, grain: 3, cells: [scalar(0, "i32")] }],
      [{ kernel: "spin", units: 6, grain: 1, cells: [scalar(2, "i32")] }],
    ],
    scalarCount: 3,
  });
}

async function failure(run: Promise<unknown>): Promise<RunError> {
  const error = await run.then(
    () => null,
    (cause) => cause,
  );
  expect(error).toBeInstanceOf(RunError);
  return error as RunError;
}

describe("a trap", () => {
  test("rejects its run with the launch, its label and the cause; others go on", async () => {
    for (const workers of [1, 2, 5]) {
      const executor = await pool({ workers });
      const { binding, value } = counter(executor);
      const count = countProgram(module, 1);
      // The third stage would never end: a failed run must not reach it.
      const trapped = { ...nothing, scalars: [42, 1000, 0] };
      const runs = [
        executor.run(count, binding),
        failure(executor.run(trapProgram(), trapped)),
        executor.run(count, binding),
        failure(executor.run(trapProgram(), trapped)),
        executor.run(count, binding),
      ] as const;
      const [, error] = await Promise.all(runs);
      expect(error.kind).toBe("trap");
      expect(error.launch).toBe(1);
      expect(error.message).toMatch(/^run: launch 1, trapAt \[100\]: unreachable/);
      expect(value()).toBe(3);
    }
  });

  test("is also what a module with an unknown import comes to", async () => {
    const executor = await pool({ workers: 2 });
    const importing = new Uint8Array([
      0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 2, 9, 1, 3, 101, 110, 118, 1, 120, 0, 0,
    ]);
    const broken = { id: 1e6, module: new WebAssembly.Module(importing) };
    const error = await failure(executor.run(spinProgram(broken, 9), brief));
    expect(error.kind).toBe("trap");
    expect(error.message).toContain("spin [9]");
    await executor.run(spinProgram(module, 2), brief);
  });
});

describe("a worker that dies", () => {
  test("inside a kernel rejects the runs in flight and is replaced with its crew", async () => {
    const threads = catchThreads();
    const { executor, workers } = await exposedPool({ workers: 2 });
    const { binding, value } = counter(executor);
    const runs = [
      executor.run(spinProgram(module, 10_000), brief),
      executor.run(countProgram(module, 1), binding),
    ].map(failure);
    setTimeout(() => threads[0]!.terminate(), 20);
    for (const error of await Promise.all(runs)) {
      expect(error.kind).toBe("worker-died");
      expect(error.message).toBe("run: the kernel worker died: it exited with code 1");
    }
    expect(value()).toBe(0);
    await executor.run(countProgram(module, 5), binding);
    expect(value()).toBe(5);
    expect(workers.length).toBe(4);
  });

  test("of an uncaught error takes the run along that is under way", async () => {
    const { executor, workers } = await exposedPool({ workers: 2 });
    crash(workers[0]!);
    const error = await failure(executor.run(spinProgram(module, 400), brief));
    expect(error.kind).toBe("worker-died");
    await executor.run(spinProgram(module, 4), brief);
  });

  test("while idle costs no run", async () => {
    const { executor, workers } = await exposedPool({ workers: 2 });
    const { binding, value } = counter(executor);
    crash(workers[1]!);
    await vi.waitFor(() => expect(workers.length).toBe(4));
    await executor.run(countProgram(module, 2), binding);
    expect(value()).toBe(2);
  });

  test("without a sound is noticed by the watchdog", async () => {
    const { executor, workers } = await exposedPool({ workers: 2, stallMilliseconds: 200 });
    const run = executor.run(spinProgram(module, 2), endless);
    const error = await failure(run);
    expect(error.kind).toBe("worker-died");
    expect(error.message).toContain("no tile was finished for 200 ms");
    await executor.run(spinProgram(module, 2), brief);
    expect(workers.length).toBe(4);
  });

  test("at its birth makes openPool reject", async () => {
    const kernelWorkerUrl = "/nowhere/kernel-worker.mjs";
    await expect(openPool({ workers: 2, kernelWorkerUrl })).rejects.toThrow("worker died");
  });

  test("and whose successor cannot be spawned: runs reject, and a later one tries again", async () => {
    let isRefused = false;
    const workers: WorkerLike[] = [];
    const spawn = () => {
      if (isRefused) throw new Error("no more threads");
      workers.push(spawnWorker("kernel"));
      return workers.at(-1)!;
    };
    const executor = await pool({ workers: 1, spawn });
    isRefused = true;
    crash(workers[0]!);
    const first = failure(executor.run(spinProgram(module, 400), brief));
    expect((await first).kind).toBe("worker-died");
    const second = await failure(executor.run(spinProgram(module, 1), brief));
    expect(second.message).toContain("no more threads");
    isRefused = false;
    await executor.run(spinProgram(module, 1), brief);
  });
});

describe("an abort", () => {
  test("ends a run between tiles, not the runs after it", async () => {
    const executor = await pool({ workers: 2 });
    const { binding, value } = counter(executor);
    const controller = new AbortController();
    const { signal } = controller;
    const long = failure(executor.run(spinProgram(module, 100_000), brief, { signal }));
    const next = executor.run(countProgram(module, 1), binding);
    setTimeout(() => controller.abort(new Error("enough")), 30);
    const error = await long;
    expect(error.kind).toBe("aborted");
    expect(error.cause).toEqual(new Error("enough"));
    await next;
    expect(value()).toBe(1);
  });

  test("reaches a run that waits behind others, and one not yet asked for", async () => {
    const executor = await pool({ workers: 2 });
    const { binding, value } = counter(executor);
    const controller = new AbortController();
    const { signal } = controller;
    const first = executor.run(spinProgram(module, 40), brief);
    const waiting = failure(executor.run(countProgram(module, 1), binding, { signal }));
    controller.abort();
    expect((await waiting).kind).toBe("aborted");
    expect((await failure(executor.run(countProgram(module, 1), binding, { signal }))).kind).toBe(
      "aborted",
    );
    await first;
    expect(value()).toBe(0);
  });
});

describe("closing", () => {
  test("rejects what is in flight and what comes later, and may be repeated", async () => {
    const executor = await pool({ workers: 2 });
    const runs = [spinProgram(module, 2000), spinProgram(module, 2)].map((program) =>
      failure(executor.run(program, brief)),
    );
    await Promise.all([executor.close(), executor.close()]);
    for (const error of await Promise.all(runs)) expect(error.kind).toBe("closed");
    expect((await failure(executor.run(spinProgram(module, 1), brief))).kind).toBe("closed");
    expect((await failure(executor.copyOut(4096, 2 ** 20))).kind).toBe("closed");
  });
});

test("failed and aborted runs leave nothing behind that would disturb the runs after them", async () => {
  const executor = await pool({ workers: 4 });
  const mixed = mixedProgram(module);
  const outputs: number[] = [];
  const others: Promise<unknown>[] = [];
  for (let round = 0; round < 120; round++) {
    const { address } = executor.heap.allocate(mixedUnits * 4);
    const binding = { inputs: [], outputs: [address], scalars: mixedScalars };
    const controller = new AbortController();
    const trapped = { ...nothing, scalars: [round % 100, 1000, 1000] };
    others.push(
      failure(executor.run(trapProgram(), trapped)),
      Promise.allSettled([executor.run(mixed, binding, { signal: controller.signal })]),
      executor.run(mixed, binding),
    );
    outputs.push(address);
    if (round % 7 === 0) await Promise.allSettled([others.at(-2)]);
    setTimeout(() => controller.abort(), round % 5);
  }
  await Promise.all(others);
  const bytes = outputs.map((address) => executor.heap.bytesAt(address, mixedUnits * 4));
  const [first, ...rest] = bytes.map((part) => Buffer.from(part));
  for (const part of rest) expect(Buffer.compare(part, first!)).toBe(0);
});

test("a run that finds no memory for its arena rejects and leaves the pool as it was", async () => {
  const executor = await pool({ workers: 2, maxBytes: 32 * 2 ** 20 });
  const { usedBytes } = executor.heap.stats();
  const large = makeProgram({ module, stages: [], arenaBytes: 2 ** 26 });
  await expect(executor.run(large, nothing)).rejects.toThrow(OutOfMemoryError);
  expect(executor.heap.stats().usedBytes).toBe(usedBytes);
  await executor.run(spinProgram(module, 3), brief);
});
