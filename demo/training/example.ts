// Example: something that learns while one looks on. What it learns stands in demo/models, how it is
// shown in demo/examples; a room around it trains it.

import type { LossScale } from "../page/loss-plot.ts";

export interface Example {
  readonly title: string;
  /** What happens, in a sentence or two. */
  readonly about: string;
  /** Of demo/models: the source that is shown is the source that runs. */
  readonly model: string;
  /** Steps of a headless run. */
  readonly steps: number;
  readonly lossScale: LossScale;
  /** What is learned is looked at so often, in ms. */
  readonly lookMilliseconds: number;
  /** Builds its part of the room, once. */
  build(stage: HTMLElement): Stage;
}

export interface Stage {
  /** A course of a model that knows nothing yet: the same one every time. */
  begin(): Promise<Course>;
}

export interface Course {
  /** One step of training, on a batch of its own; its loss. */
  step(): Promise<number>;
  /** Shows what is known by now. */
  look(): Promise<void>;
  /** Tries what is known on what was not learned from. */
  check(): Promise<Finding>;
}

export interface Finding {
  readonly ok: boolean;
  readonly text: string;
}
