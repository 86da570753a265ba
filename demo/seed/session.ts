// Session: the runtime, the input x, and one run after the other. Whatever is asked for waits for its
// turn; a continuous run gives way between two bursts and goes on afterwards.
//
//   run, run, run … 300 ms … | a frame for the page | run, run, run …

import { lastProgram, stats, type Tensor, traceRuns } from "../../src/index.ts";
import { nextFrame } from "../page/elements.ts";
import type { Activity } from "../page/frame-gaps.ts";
import { isOpen, openRuntime, type Runtime } from "../page/runtime.ts";
import type { TracedRun } from "../page/tile-picture.ts";
import { inputOf, type Pass, printedBlocks, runBackward } from "./program.ts";

export interface Settings extends Runtime {
  readonly size: number;
}

export interface Listener {
  onActivity(activity: Activity): void;
  /** The settings hold from here on; what was measured before belongs to others. */
  onSettings(settings: Settings): void;
  onPass(milliseconds: number): void;
  onTrace(run: TracedRun): void;
  onPrinted(blocks: readonly string[]): void;
}

/** A training loop does not stop for the page either; this one does, so that Stop can be heard. */
const burstMilliseconds = 300;
/** Tiles are collected in one pass of so many ms: the picture should be readable. */
const traceMilliseconds = 900;

export class Session {
  private readonly listener: Listener;
  private settings: Settings | null = null;
  /** Where x lies. */
  private runtime: Runtime | null = null;
  private x: Tensor | null = null;
  private last: Promise<unknown> = Promise.resolve();
  private waiting = 0;
  private traced = Number.NEGATIVE_INFINITY;
  private isContinuous = false;

  constructor(listener: Listener) {
    this.listener = listener;
  }

  /** Opens another runtime and makes another x, where the settings ask for it. */
  apply(settings: Settings): Promise<void> {
    return this.turn(() => this.change(settings));
  }

  /** One pass, with its tiles and its printed blocks. */
  runOnce(): Promise<readonly string[]> {
    return this.turn(async () => {
      const pass = await this.pass({ isTraced: true });
      const blocks = await printedBlocks(this.input(), pass);
      this.listener.onPrinted(blocks);
      return blocks;
    });
  }

  /** So many passes without a break; their times in ms. */
  runMany(passes: number): Promise<number[]> {
    return this.turn(async () => {
      const times: number[] = [];
      for (let pass = 0; pass < passes; pass++) {
        const { asked, answered } = await this.pass({ isTraced: false });
        times.push(answered - asked);
      }
      return times;
    });
  }

  /** The input, for who wants to check what was computed from it. */
  input(): Tensor {
    if (!this.x) throw new Error("seed: there is no input yet; choose a size first");
    return this.x;
  }

  /** Runs until `stop`; rejects with what ended it. */
  async runContinuously(): Promise<void> {
    if (this.isContinuous) return;
    this.isContinuous = true;
    try {
      while (this.isContinuous) await this.turn(() => this.burst());
    } finally {
      this.isContinuous = false;
    }
  }

  stop(): void {
    this.isContinuous = false;
  }

  /** Resolves when nothing that was asked for before is at work any more. */
  rest(): Promise<void> {
    return this.turn(() => Promise.resolve());
  }

  private turn<T>(work: () => Promise<T>): Promise<T> {
    this.waiting++;
    const turn = this.last.then(() => {
      this.waiting--;
      return work();
    });
    // The caller hears of a failure; the next turn comes all the same.
    this.last = turn.catch(() => "told to the caller");
    return turn;
  }

  private async change(settings: Settings): Promise<void> {
    const { workers, mode, size } = settings;
    const before = this.settings;
    const isSame = isOpen(this.runtime) && before?.workers === workers && before.mode === mode;
    if (isSame && before.size === size && this.x) return;
    this.settings = null;
    this.x?.grad?.dispose();
    this.x?.dispose();
    this.x = null;
    this.runtime = await openRuntime(settings);
    this.settings = settings;
    this.traced = Number.NEGATIVE_INFINITY;
    this.listener.onSettings(settings);
    this.x = await inputOf(size);
  }

  private async burst(): Promise<void> {
    const until = performance.now() + burstMilliseconds;
    while (this.isContinuous && this.waiting === 0 && performance.now() < until) {
      await this.pass({ isTraced: performance.now() > this.traced + traceMilliseconds });
    }
    await nextFrame();
  }

  private async pass({ isTraced }: { isTraced: boolean }): Promise<Pass> {
    const { settings, listener } = this;
    const x = this.input();
    if (!settings) throw new Error("seed: no runtime is open");
    const trace = isTraced ? traceRuns() : null;
    const { compiles } = stats();
    listener.onActivity(settings.mode);
    try {
      const pass = await runBackward(x);
      listener.onPass(pass.answered - pass.asked);
      const isCompiled = stats().compiles > compiles;
      if (trace) this.tellTrace(pass, { events: trace.stop(), isCompiled });
      return pass;
    } finally {
      trace?.stop();
      listener.onActivity("idle");
    }
  }

  private tellTrace(pass: Pass, seen: Pick<TracedRun, "events" | "isCompiled">): void {
    this.traced = pass.answered;
    const labels = (lastProgram()?.launches ?? []).map(({ label }) => label);
    const { asked, answered } = pass;
    const workers = this.settings?.mode === "workers" ? this.settings.workers : 0;
    this.listener.onTrace({ ...seen, labels, workers, asked, answered });
  }
}
