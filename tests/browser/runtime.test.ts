// The pool in a page: what only a browser shows, and that it does there what it does in Node.
import { afterEach, describe, expect, test } from "vitest";
import { capabilities } from "../../src/runtime/capabilities.ts";
import type { Executor } from "../../src/runtime/executor.ts";
import { openInline } from "../../src/runtime/inline.ts";
import { openPool, type PoolOptions } from "../../src/runtime/pool.ts";
import { spawnWorker, type WorkerLike } from "../../src/runtime/spawn.ts";
import {
  countProgram,
  kernelModule,
  mixedProgram,
  mixedScalars,
  mixedUnits,
  spinProgram,
} from "../node/runtime-programs.ts";

const module = kernelModule(true);
const opened: Executor[] = [];
const endless = { inputs: [], outputs: [], scalars: [0] };

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

function counter({ heap }: Executor) {
  const { address } = heap.allocate(4);
  heap.bytesAt(address, 4).fill(0);
  return {
    binding: { inputs: [address], outputs: [], scalars: [] },
    value: () => new Int32Array(heap.memory.buffer, address, 1)[0],
  };
}

/** How often other tasks of this thread had their turn during `work`. */
async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  const { port1, port2 } = new MessageChannel();
  let turns = 0;
  port1.onmessage = () => {
    turns++;
    port2.postMessage(null);
  };
  port2.postMessage(null);
  await work();
  port1.close();
  return turns;
}

describe("a pool in a page", () => {
  test("is possible here", () => {
    const { threads, isolated, reason, cores, node } = capabilities();
    expect({ threads, isolated, reason, node }).toEqual({
      threads: true,
      isolated: true,
      reason: null,
      node: false,
    });
    expect(cores).toBe(navigator.hardwareConcurrency);
  });

  test("gives the same bits for 1, 2, 3 and 8 workers, and inline", async () => {
    const expected = await mixedBits(openInline({ shared: true }));
    for (const workers of [1, 2, 3, 8]) {
      expect(await mixedBits(await pool({ workers }))).toEqual(expected);
    }
  });

  test("carries out 1000 runs in order that nobody waited for", async () => {
    const executor = await pool({ workers: 2 });
    const { binding, value } = counter(executor);
    const program = countProgram(module, 3);
    await Promise.all(Array.from({ length: 1000 }, () => executor.run(program, binding)));
    expect(value()).toBe(3000);
  });

  test("copies 64 MB in and out without holding up the page", async () => {
    const executor = await pool({ workers: 2 });
    const bytes = new Uint8Array(2 ** 26);
    for (let index = 0; index < bytes.length; index += 997) bytes[index] = index;
    const { address } = executor.heap.allocate(bytes.length);
    let copy = new ArrayBuffer(0);
    // Twice, since the first time workers touch the pages before anything is copied.
    await executor.copyIn(bytes, address);
    const turnsIn = await turnsDuring(() => executor.copyIn(bytes, address));
    const turnsOut = await turnsDuring(async () => {
      copy = await executor.copyOut(address, bytes.length);
    });
    const copied = new Uint8Array(copy);
    expect(copied.length).toBe(bytes.length);
    expect(copied.findIndex((byte, index) => byte !== bytes[index])).toBe(-1);
    // A slice ends after 1.5 ms; 64 MB take 5 ms or more.
    expect(turnsIn).toBeGreaterThanOrEqual(2);
    expect(turnsOut).toBeGreaterThanOrEqual(2);
  });

  test("works inside a worker of the user's own", async () => {
    const worker = new Worker(new URL("./runtime-nested.ts", import.meta.url), { type: "module" });
    const answer = await new Promise((resolve, reject) => {
      worker.addEventListener("message", ({ data }) => resolve(data));
      worker.addEventListener("error", ({ message }) => reject(new Error(message)));
    });
    worker.terminate();
    expect(answer).toEqual({ workers: 2, count: 11 });
  });
});

describe("a worker of a page", () => {
  test("that throws is replaced with its crew; the run in flight rejects", async () => {
    const workers: WorkerLike[] = [];
    const spawn = () => {
      workers.push(spawnWorker("kernel"));
      return workers.at(-1)!;
    };
    const executor = await pool({ workers: 2, spawn });
    // No request of Comlink's: its handler does not expect an argument that is null.
    workers[0]!.endpoint.postMessage({ type: "APPLY", argumentList: [null] });
    const scalars = [1_000_000];
    await expect(
      executor.run(spinProgram(module, 100), { ...endless, scalars }),
    ).rejects.toMatchObject({ kind: "worker-died" });
    expect(await mixedBits(executor)).toEqual(await mixedBits(openInline({ shared: true })));
    expect(workers.length).toBe(4);
  });

  test("that is silent is noticed by the watchdog, and stopped", async () => {
    const executor = await pool({ workers: 2, stallMilliseconds: 300 });
    const run = executor.run(spinProgram(module, 2), endless);
    await expect(run).rejects.toThrow("no tile was finished for 300 ms");
    expect(await mixedBits(executor)).toEqual(await mixedBits(openInline({ shared: true })));
  });

  test("that cannot be loaded makes openPool reject with a hint", async () => {
    const run = openPool({ workers: 1, kernelWorkerUrl: "/nowhere/kernel-worker.js" });
    await expect(run).rejects.toThrow(/the kernel worker died: /);
  });

  test("ends with its pool: runs reject", async () => {
    const executor = await pool({ workers: 2 });
    const run = executor.run(spinProgram(module, 2), endless);
    await Promise.all([expect(run).rejects.toMatchObject({ kind: "closed" }), executor.close()]);
  });
});
