// TrainingRoom: an example, what controls it, and what can be seen of its training. Leaving the room stops
// the training; what was learned is kept as long as the runtime that holds it.

import { capabilities } from "../../src/index.ts";
import type { Alive } from "../page/alive.ts";
import { copyOf, part } from "../page/elements.ts";
import { highlighted } from "../page/highlighted.ts";
import { LossPlot } from "../page/loss-plot.ts";
import { count, milliseconds, number } from "../page/quantities.ts";
import type { Room } from "../page/rooms.ts";
import { isOpen, openRuntime, type Runtime } from "../page/runtime.ts";
import { TilePicture } from "../page/tile-picture.ts";
import { clearTroubles, showTrouble } from "../page/troubles.ts";
import type { Course, Example, Stage } from "./example.ts";
import { Rates } from "./rates.ts";
import { sourceOf } from "./sources.ts";
import { type Step, Trainer } from "./trainer.ts";

/** Figures are read by people. */
const figuresMilliseconds = 250;

export class TrainingRoom implements Room {
  readonly title: string;
  readonly root: HTMLElement;
  readonly losses: number[] = [];
  private readonly example: Example;
  private readonly alive: Alive;
  private readonly stage: Stage;
  private readonly plot: LossPlot;
  private readonly tiles: TilePicture;
  private readonly trainer: Trainer;
  readonly rates = new Rates();
  private readonly train: HTMLButtonElement;
  private readonly again: HTMLButtonElement;
  private course: Course | null = null;
  /** Where the course lies. */
  private runtime: Runtime | null = null;
  private last: Promise<unknown> = Promise.resolve();
  /** In one step, once one was traced. */
  private kernels: number | null = null;
  private isStale = true;

  constructor(example: Example, parent: HTMLElement, alive: Alive) {
    this.example = example;
    this.title = example.title;
    this.alive = alive;
    const copy = copyOf("training");
    this.root = part(copy, "room", HTMLElement);
    parent.append(copy);
    this.train = part(this.root, "train", HTMLButtonElement);
    this.again = part(this.root, "again", HTMLButtonElement);
    this.plot = new LossPlot(part(this.root, "loss", HTMLElement), example.lossScale);
    this.tiles = new TilePicture(this.root);
    this.trainer = new Trainer(example.lookMilliseconds, {
      onStep: (step) => this.add(step),
      onTrace: (run) => {
        this.kernels = run.labels.length;
        this.tiles.show({ ...run, workers: this.runtime?.workers ?? 0 });
      },
    });
    this.stage = example.build(part(this.root, "stage", HTMLElement));
    this.describe();
    this.listen();
  }

  /** What is known by now is shown; what another runtime held begins anew. */
  enter(): Promise<void> {
    this.alive.gaps.forget("workers");
    return this.turn(async () => {
      await this.begun();
    });
  }

  leave(): Promise<void> {
    this.stop();
    return this.turn(() => Promise.resolve());
  }

  /** So many steps more; the course they belong to. */
  async trainFor(steps: number): Promise<Course> {
    const course = await this.begun();
    this.alive.gaps.note("workers");
    try {
      await this.trainer.run(course, steps);
    } finally {
      this.alive.gaps.note("idle");
    }
    this.showFigures();
    return course;
  }

  private async begun(): Promise<Course> {
    const { cores, threads } = capabilities();
    this.runtime = await openRuntime({ workers: cores, mode: threads ? "workers" : "main" });
    if (this.course) return this.course;
    this.losses.length = 0;
    this.rates.clear();
    this.plot.clear();
    this.course = await this.stage.begin();
    await this.course.look();
    this.isStale = true;
    return this.course;
  }

  private listen(): void {
    this.train.addEventListener("click", () => {
      if (this.train.getAttribute("aria-pressed") === "true") this.stop();
      else void this.continuously();
    });
    this.again.addEventListener("click", () => {
      this.stop();
      void this.turn(async () => {
        this.course = null;
        await this.begun();
        this.showTraining(false);
      });
    });
    setInterval(() => this.isStale && this.showFigures(), figuresMilliseconds);
  }

  /** After the step that runs. */
  private stop(): void {
    this.trainer.stop();
    if (this.train.getAttribute("aria-pressed") === "true") this.train.textContent = "Stopping …";
  }

  private async continuously(): Promise<void> {
    this.showTraining(true);
    await this.turn(async () => {
      await this.trainFor(Number.POSITIVE_INFINITY);
    });
    this.showTraining(false);
  }

  /** One wish after the other; what goes wrong is shown in the page. */
  private turn(work: () => Promise<void>): Promise<void> {
    const turn = this.last.then(async () => {
      if (!isOpen(this.runtime)) this.course = null;
      try {
        clearTroubles();
        await work();
      } catch (error) {
        this.course = null;
        showTrouble(error);
      }
    });
    this.last = turn;
    return turn;
  }

  private add(step: Step): void {
    this.losses.push(step.loss);
    this.rates.add(step);
    this.plot.add(step.loss);
    this.isStale = true;
  }

  private describe(): void {
    const { title, about, model } = this.example;
    part(this.root, "title", HTMLElement).textContent = title;
    part(this.root, "about", HTMLElement).textContent = about;
    part(this.root, "code", HTMLElement).replaceChildren(...highlighted(sourceOf(model)));
    const pause = part(this.root, "pause", HTMLButtonElement);
    this.alive.animate(part(this.root, "pendulums", HTMLCanvasElement), pause);
  }

  private showTraining(isTraining: boolean): void {
    this.train.setAttribute("aria-pressed", String(isTraining));
    const isFresh = this.losses.length === 0;
    this.train.textContent = isTraining ? "Stop" : isFresh ? "Train" : "Go on training";
  }

  private showFigures(): void {
    this.isStale = false;
    this.plot.draw();
    const show = (name: string, value: string | null): void => {
      part(this.root, name, HTMLElement).textContent = value ?? "–";
    };
    const { losses, rates } = this;
    const [rate, asking] = [rates.perSecond(), rates.askingMilliseconds()];
    const gap = this.alive.gaps.summary("workers");
    const loss = losses.at(-1);
    show("steps", count(losses.length));
    show("loss-now", loss === undefined ? null : loss.toPrecision(3));
    show("rate", rate === null ? null : number(rate));
    show("asking", asking === null ? null : milliseconds(asking));
    show("kernels", this.kernels === null ? null : count(this.kernels));
    show("gap", gap && milliseconds(gap.longest));
  }
}
