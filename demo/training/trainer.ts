// Trainer: one step after the other until it is told to stop; what was learned stays, and training can go
// on from there. Looks at what is known now and then, and lets the page have its turn between steps.

import { lastProgram, traceRuns } from "../../src/index.ts";
import type { TracedRun } from "../page/tile-picture.ts";
import type { Course } from "./example.ts";

export interface TrainerListener {
  onStep(step: Step): void;
  onTrace(run: Omit<TracedRun, "workers">): void;
}

export interface Step {
  readonly loss: number;
  /** From the batch to the loss; and of these, until the main thread was free again. */
  readonly milliseconds: number;
  readonly askingMilliseconds: number;
}

/** The page hears clicks so often at least. */
const turnMilliseconds = 40;
/** Tiles are collected in one step of so many ms: the picture should be readable. */
const traceMilliseconds = 1500;
/** The first steps compile: they are not the picture to show. */
const firstTraced = 4;

export class Trainer {
  private readonly listener: TrainerListener;
  private readonly lookMilliseconds: number;
  private isWanted = false;
  private steps = 0;
  private traced = 0;
  private looked = 0;

  constructor(lookMilliseconds: number, listener: TrainerListener) {
    this.lookMilliseconds = lookMilliseconds;
    this.listener = listener;
  }

  /** Trains until `stop`, or for so many steps. */
  async run(course: Course, most = Number.POSITIVE_INFINITY): Promise<void> {
    this.isWanted = true;
    let turned = performance.now();
    for (let step = 0; step < most && this.isWanted; step++) {
      await this.step(course);
      const now = performance.now();
      if (now > this.looked + this.lookMilliseconds) {
        await course.look();
        this.looked = performance.now();
      }
      if (now > turned + turnMilliseconds) {
        await new Promise((resolve) => setTimeout(resolve));
        turned = performance.now();
      }
    }
    this.isWanted = false;
    await course.look();
  }

  stop(): void {
    this.isWanted = false;
  }

  private async step(course: Course): Promise<void> {
    const asked = performance.now();
    const isTraced = ++this.steps >= firstTraced && asked > this.traced + traceMilliseconds;
    const trace = isTraced ? traceRuns() : null;
    try {
      const running = course.step();
      const askingMilliseconds = performance.now() - asked;
      const loss = await running;
      const answered = performance.now();
      this.listener.onStep({ loss, milliseconds: answered - asked, askingMilliseconds });
      if (!trace) return;
      this.traced = answered;
      const labels = (lastProgram()?.launches ?? []).map(({ label }) => label);
      this.listener.onTrace({ events: trace.stop(), labels, isCompiled: false, asked, answered });
    } finally {
      trace?.stop();
    }
  }
}
