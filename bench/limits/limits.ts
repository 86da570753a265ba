// What the machine allows, measured in the same run as everything else: first, and again between
// workloads; the best reading stands, since a limit can only be missed, never exceeded.

import type { Limits } from "../contract.ts";
import {
  type FromLimitWorker,
  type JobName,
  jobs,
  memoryPages,
  type Passes,
  type Setup,
  type Spin,
  type ToLimitWorker,
} from "./jobs.ts";
import { compileKernels } from "./kernels.ts";

/** Long enough for both tiers and for a quiet moment; later readings start optimised. */
const FIRST_MS = 400;
const AGAIN_MS = 120;
const GIGA = 1e9;

export class LimitMeter {
  readonly #workers: Worker[];
  #best: Limits = {
    fmaGflopsOne: 0,
    fmaGflopsAll: 0,
    mulAddGflopsAll: 0,
    copyGBsAll: 0,
    inPlaceGBsAll: 0,
    readGBsAll: 0,
  };
  #spanMs = FIRST_MS;

  private constructor(workers: Worker[]) {
    this.#workers = workers;
  }

  static async start(count: number): Promise<LimitMeter> {
    const spawn = () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    const meter = new LimitMeter(Array.from({ length: count }, spawn));
    const setup: Setup = {
      kind: "setup",
      module: compileKernels(memoryPages),
      memory: new WebAssembly.Memory({ initial: memoryPages, maximum: memoryPages, shared: true }),
      words: new Int32Array(new SharedArrayBuffer(64)),
    };
    await meter.#tell(() => setup, count);
    await meter.#rate("fill", count, 1);
    return meter;
  }

  get best(): Limits {
    return { ...this.#best };
  }

  async measure(): Promise<void> {
    const all = this.#workers.length;
    const [ms, best] = [this.#spanMs, this.#best];
    const reading: Limits = {
      fmaGflopsOne: await this.#rate("fma", 1, ms),
      fmaGflopsAll: await this.#rate("fma", all, ms),
      mulAddGflopsAll: await this.#rate("mulAdd", all, ms),
      copyGBsAll: await this.#rate("copy", all, ms),
      inPlaceGBsAll: await this.#rate("inPlace", all, ms),
      readGBsAll: await this.#rate("read", all, ms),
    };
    for (const name of Object.keys(best) as (keyof Limits)[]) {
      best[name] = Math.max(best[name], reading[name]);
    }
    this.#spanMs = AGAIN_MS;
  }

  /** Keeps every worker busy with nothing: the baseline of the main thread's gaps. */
  async spin(ms: number): Promise<void> {
    await this.#tell((): Spin => ({ kind: "spin", ms }), this.#workers.length);
  }

  dispose(): void {
    for (const worker of this.#workers) worker.terminate();
  }

  async #rate(job: JobName, participants: number, ms: number): Promise<number> {
    const passes = (index: number): Passes => ({ kind: "passes", job, index, participants, ms });
    const [clock] = await this.#tell(passes, participants);
    if (clock?.bestMs == null) throw new Error(`limits: worker 0 kept no clock for ${job}`);
    return jobs[job].amount / (clock.bestMs / 1000) / GIGA;
  }

  #tell(message: (index: number) => ToLimitWorker, count: number): Promise<FromLimitWorker[]> {
    const chosen = this.#workers.slice(0, count);
    return Promise.all(chosen.map((worker, index) => ask(worker, message(index))));
  }
}

function ask(worker: Worker, message: ToLimitWorker): Promise<FromLimitWorker> {
  return new Promise((resolve, reject) => {
    worker.onmessage = (event: MessageEvent<FromLimitWorker>) => resolve(event.data);
    worker.onerror = (event) => reject(new Error(`limits: a worker failed: ${event.message}`));
    worker.onmessageerror = () => reject(new Error("limits: a message could not be read"));
    worker.postMessage(message);
  });
}
