// LossPlot: the loss of every step, and a calmer line through it.

import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { inks, onSchemeChange, smallType } from "./surface.ts";

/** More points than this are thinned to half: a screen has no more to show. */
const most = 4000;
/** Each new loss moves the calm line by this share, the first ones by more. */
const share = 0.03;
const height = 220;

export type LossScale = "linear" | "logarithmic";

export class LossPlot {
  private readonly root: HTMLElement;
  private readonly scale: LossScale;
  private plot: uPlot | null = null;
  private steps: number[] = [];
  private losses: number[] = [];
  private calm: number[] = [];
  private count = 0;
  private level = 0;
  private every = 1;
  private isStale = true;

  constructor(root: HTMLElement, scale: LossScale) {
    this.root = root;
    this.scale = scale;
    new ResizeObserver(() => this.resize()).observe(root);
    onSchemeChange(() => this.rebuild());
  }

  clear(): void {
    this.steps = [];
    this.losses = [];
    this.calm = [];
    this.count = 0;
    this.every = 1;
    this.isStale = true;
  }

  add(loss: number): void {
    this.count++;
    this.level += (loss - this.level) * Math.max(share, 1 / this.count);
    if (this.count % this.every !== 0 && this.count > 1) return;
    this.steps.push(this.count);
    this.losses.push(loss);
    this.calm.push(this.level);
    if (this.steps.length > most) this.thin();
    this.isStale = true;
  }

  /** Draws what was added. */
  draw(): void {
    if (!this.isStale || !this.plot) return;
    this.isStale = false;
    this.plot.setData([this.steps, this.losses, this.calm]);
    this.root.ariaLabel = this.count
      ? `Loss by step: ${this.level.toPrecision(3)} after ${this.count} steps`
      : "Loss by step: no step yet";
  }

  private thin(): void {
    const isKept = (_: number, at: number): boolean => at % 2 === 0;
    this.steps = this.steps.filter(isKept);
    this.losses = this.losses.filter(isKept);
    this.calm = this.calm.filter(isKept);
    this.every *= 2;
  }

  private resize(): void {
    const width = this.root.clientWidth;
    if (width === 0) return;
    if (this.plot) this.plot.setSize({ width, height });
    else this.rebuild();
  }

  private rebuild(): void {
    const width = this.root.clientWidth;
    if (width === 0) return;
    this.plot?.destroy();
    this.plot = new uPlot(this.options(width), [[], [], []], this.root);
    this.isStale = true;
    this.draw();
  }

  private options(width: number): uPlot.Options {
    const { quiet, line, idle, workers } = inks();
    const axis: uPlot.Axis = {
      stroke: quiet,
      font: smallType,
      grid: { stroke: line, width: 1 },
      ticks: { show: false },
    };
    return {
      width,
      height,
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: false }, y: { distr: this.scale === "logarithmic" ? 3 : 1 } },
      axes: [
        { ...axis, size: 28 },
        {
          ...axis,
          size: 46,
          values: (_, ticks) => ticks.map(shortNumber),
          grid: { ...axis.grid, filter: (_, ticks) => gridLines(ticks) },
        },
      ],
      series: [
        {},
        { stroke: idle, width: 1, points: { show: false } },
        { stroke: workers, width: 2, points: { show: false } },
      ],
    };
  }
}

/** Over several powers of ten, those alone get a line. */
function gridLines(ticks: readonly (number | null)[]): (number | null)[] {
  const known = ticks.filter((tick) => tick !== null);
  const isWide = Math.min(...known) > 0 && Math.max(...known) > 50 * Math.min(...known);
  const isPower = (tick: number): boolean => Math.abs(Math.log10(tick) % 1) < 1e-6;
  return ticks.map((tick) => (tick === null || (isWide && !isPower(tick)) ? null : tick));
}

/** A tick that is not to be labelled is null. */
const shortNumber = (tick: number | null): string =>
  tick === null ? "" : String(Number(tick.toPrecision(2)));
