// One worker of the limits. Passes are timed here, so that no message is in the figure:
//   clock · barrier · claim tiles until none is left · barrier · clock
// The first clock stands before the barrier: behind it, a keeper of the clock that was put to sleep
// there would find the work done by the others, and report no time at all.

import { control, type FromLimitWorker, type Job, jobs, type ToLimitWorker } from "./jobs.ts";
import type { Kernels } from "./kernels.ts";

const SPINS = 100_000;

let kernels: Kernels;
let words: Int32Array;

function cross(participants: number): void {
  const generation = Atomics.load(words, control.generation);
  if (Atomics.add(words, control.arrived, 1) === participants - 1) {
    Atomics.store(words, control.arrived, 0);
    Atomics.add(words, control.generation, 1);
    Atomics.notify(words, control.generation);
    return;
  }
  for (let spin = 0; spin < SPINS; spin += 1) {
    if (Atomics.load(words, control.generation) !== generation) return;
  }
  Atomics.wait(words, control.generation, generation);
}

function work(job: Job): void {
  for (;;) {
    const index = Atomics.add(words, control.nextTile, 1);
    if (index >= job.tiles) return;
    job.tile(kernels, index);
  }
}

function passes(job: Job, index: number, participants: number, ms: number): number {
  const deadline = performance.now() + ms;
  let best = Number.POSITIVE_INFINITY;
  for (;;) {
    if (index === 0) {
      Atomics.store(words, control.nextTile, 0);
      Atomics.store(words, control.stop, performance.now() >= deadline ? 1 : 0);
    }
    const begin = performance.now();
    cross(participants);
    if (Atomics.load(words, control.stop) === 1) return best;
    work(job);
    cross(participants);
    best = Math.min(best, performance.now() - begin);
  }
}

function answer(message: ToLimitWorker): FromLimitWorker {
  if (message.kind === "setup") {
    const instance = new WebAssembly.Instance(message.module, { env: { memory: message.memory } });
    kernels = instance.exports as unknown as Kernels;
    words = message.words;
    return { bestMs: null };
  }
  if (message.kind === "spin") {
    const deadline = performance.now() + message.ms;
    while (performance.now() < deadline);
    return { bestMs: null };
  }
  const { job, index, participants, ms } = message;
  const bestMs = passes(jobs[job], index, participants, ms);
  return { bestMs: index === 0 ? bestMs : null };
}

self.onmessage = (event: MessageEvent<ToLimitWorker>) => self.postMessage(answer(event.data));
