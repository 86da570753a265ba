// TilePicture: who ran which tile when, one lane a worker. A tile has its kernel's colour, lighter the
// later it stands in the kernel; the pointer or the slider chooses one, and a line of text names it.

import type { traceRuns } from "../../src/index.ts";
import { part } from "./elements.ts";
import { count, milliseconds } from "./quantities.ts";
import { cleared, inks, onSchemeChange, type Surface, smallType } from "./surface.ts";

export type TileEvent = ReturnType<ReturnType<typeof traceRuns>["stop"]>[number];

export interface TracedRun {
  readonly events: readonly TileEvent[];
  /** What each launch of the program is called. */
  readonly labels: readonly string[];
  /** Workers that could have taken part; 0 for the main thread. */
  readonly workers: number;
  /** Whether the graph was new, so that its kernels were compiled before they ran. */
  readonly isCompiled: boolean;
  /** When the run was asked for and when its answer arrived. */
  readonly asked: number;
  readonly answered: number;
}

interface Placed {
  readonly event: TileEvent;
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

const laneHeight = 34;
const laneGap = 10;
const axisHeight = 26;
const names = 72;
/** Below this width a tile is drawn without a seam. */
const seamFrom = 2.5;
/** Kernels that the legend names, those with the most work first. */
const named = 6;

export class TilePicture {
  private readonly canvas: HTMLCanvasElement;
  private readonly shown: HTMLOutputElement;
  private readonly walk: HTMLInputElement;
  private readonly legend: HTMLElement;
  private run: TracedRun | null = null;
  /** Tiles of each launch. */
  private tiles = new Map<number, number>();
  private placed: Placed[] = [];
  private chosen: TileEvent | null = null;
  /** What the slider chose stays when the pointer only passes over. */
  private isPointed = false;

  constructor(root: ParentNode) {
    this.canvas = part(root, "tiles", HTMLCanvasElement);
    this.shown = part(root, "tile-shown", HTMLOutputElement);
    this.walk = part(root, "walk", HTMLInputElement);
    this.legend = part(root, "legend", HTMLElement);
    new ResizeObserver(() => requestAnimationFrame(() => this.draw())).observe(this.canvas);
    onSchemeChange(() => this.draw());
    this.canvas.addEventListener("pointermove", ({ offsetX, offsetY }) =>
      this.point(this.at(offsetX, offsetY)),
    );
    this.canvas.addEventListener("pointerleave", () => this.point(null));
    this.walk.addEventListener("input", () => {
      this.isPointed = false;
      this.choose(this.run?.events[this.walk.valueAsNumber] ?? null);
    });
  }

  show(run: TracedRun): void {
    const events = run.events.toSorted((a, b) => a.begin - b.begin);
    this.run = { ...run, events };
    this.chosen = null;
    this.tiles = new Map();
    for (const { launch } of events) this.tiles.set(launch, this.tilesOf(launch) + 1);
    this.canvas.style.height = `${this.lanes() * (laneHeight + laneGap) + axisHeight}px`;
    this.walk.max = String(Math.max(events.length - 1, 0));
    this.walk.value = "0";
    this.draw();
    this.showText();
    this.showLegend();
  }

  private lanes(): number {
    return Math.max(1, this.run?.workers ?? 1);
  }

  private draw(): void {
    const surface = cleared(this.canvas);
    if (!surface) {
      requestAnimationFrame(() => cleared(this.canvas) && this.draw());
      return;
    }
    this.placed = [];
    this.drawLanes(surface);
    if (!this.run) return;
    const { asked, answered } = this.run;
    const perMillisecond = (surface.width - names) / Math.max(answered - asked, 1e-3);
    this.drawAxis(surface, perMillisecond);
    for (const event of this.run.events) {
      const x = names + (event.begin - asked) * perMillisecond;
      const width = Math.max((event.end - event.begin) * perMillisecond, 0.75);
      const y = event.worker * (laneHeight + laneGap);
      this.placed.push({ event, x, y, width });
    }
    for (const one of this.placed) this.drawTile(surface, one);
  }

  private drawLanes({ context, width }: Surface): void {
    const { quiet, raised } = inks();
    context.font = smallType;
    context.textBaseline = "middle";
    for (let lane = 0; lane < this.lanes(); lane++) {
      const y = lane * (laneHeight + laneGap);
      context.fillStyle = raised;
      context.fillRect(names, y, width - names, laneHeight);
      context.fillStyle = quiet;
      const name = this.run?.workers === 0 ? "main thread" : `worker ${lane + 1}`;
      context.fillText(name, 0, y + laneHeight / 2);
    }
  }

  private drawAxis({ context, width }: Surface, perMillisecond: number): void {
    const { quiet, line } = inks();
    const top = this.lanes() * (laneHeight + laneGap);
    const step = roundStep(90 / perMillisecond);
    context.fillStyle = quiet;
    context.strokeStyle = line;
    context.textBaseline = "top";
    for (let time = 0; names + time * perMillisecond < width - 36; time += step) {
      const x = Math.round(names + time * perMillisecond) + 0.5;
      context.beginPath();
      context.moveTo(x, 0);
      context.lineTo(x, top);
      context.stroke();
      context.fillText(time === 0 ? "asked" : milliseconds(time), x, top + 2);
    }
  }

  private drawTile({ context }: Surface, { event, x, y, width }: Placed): void {
    const { kernels, ink } = inks();
    const tiles = this.tilesOf(event.launch);
    context.fillStyle = kernels[event.launch % kernels.length]!;
    context.globalAlpha = 1 - 0.6 * (event.tile / Math.max(tiles, 1));
    context.fillRect(x, y, width > seamFrom ? width - 1 : width, laneHeight);
    context.globalAlpha = 1;
    if (event !== this.chosen) return;
    context.fillStyle = ink;
    context.fillRect(x - 1, y - 3, Math.max(width, 2) + 1, laneHeight + 6);
  }

  private tilesOf(launch: number): number {
    return this.tiles.get(launch) ?? 0;
  }

  private at(x: number, y: number): TileEvent | null {
    const lane = Math.floor(y / (laneHeight + laneGap));
    let best: TileEvent | null = null;
    let nearest = 4;
    for (const { event, x: from, width } of this.placed) {
      if (event.worker !== lane) continue;
      const distance = Math.max(from - x, x - from - width, 0);
      if (distance >= nearest) continue;
      nearest = distance;
      best = event;
    }
    return best;
  }

  private point(event: TileEvent | null): void {
    if (!event && !this.isPointed) return;
    this.isPointed = event !== null;
    if (event) this.walk.valueAsNumber = this.run?.events.indexOf(event) ?? 0;
    this.choose(event);
  }

  private choose(event: TileEvent | null): void {
    if (event === this.chosen) return;
    this.chosen = event;
    this.draw();
    this.showText();
  }

  private showText(): void {
    const { run, chosen } = this;
    // Spoken when somebody chose a tile, not at every run.
    this.shown.ariaLive = chosen ? "polite" : "off";
    if (!run) this.shown.textContent = "";
    else if (chosen) this.shown.textContent = tileText(run, chosen, this.tilesOf(chosen.launch));
    else this.shown.textContent = runText(run);
  }

  private showLegend(): void {
    const { run } = this;
    if (!run) return;
    const work = new Map<number, number>();
    for (const { launch, begin, end } of run.events) {
      work.set(launch, (work.get(launch) ?? 0) + end - begin);
    }
    const launches = [...work.keys()].toSorted((a, b) => work.get(b)! - work.get(a)!);
    const shown = launches.slice(0, named).toSorted((a, b) => a - b);
    const items = shown.map((launch) => {
      const item = document.createElement("li");
      item.style.setProperty("--swatch", `var(--kernel-${launch % inks().kernels.length})`);
      const tiles = tilesText(this.tilesOf(launch));
      item.textContent = `${run.labels[launch] ?? "?"}: ${tiles}, ${milliseconds(work.get(launch)!)} of work`;
      return item;
    });
    const others = launches.slice(named);
    if (others.length > 0) {
      const item = document.createElement("li");
      const time = others.reduce((sum, launch) => sum + work.get(launch)!, 0);
      item.textContent = `${count(others.length)} smaller kernels: ${milliseconds(time)} of work`;
      items.push(item);
    }
    this.legend.replaceChildren(...items);
  }
}

const tilesText = (tiles: number): string => (tiles === 1 ? "1 tile" : `${count(tiles)} tiles`);

function runText({ events, asked, answered, isCompiled }: TracedRun): string {
  const begin = events[0]?.begin ?? asked;
  const end = events.reduce((latest, event) => Math.max(latest, event.end), begin);
  return (
    `${isCompiled ? "A new graph: its kernels were compiled first. " : ""}` +
    `The first tile began ${milliseconds(begin - asked)} after it was asked for, the last one ended ` +
    `${milliseconds(end - begin)} later, and the page knew after another ${milliseconds(answered - end)}.`
  );
}

function tileText({ labels, asked, workers }: TracedRun, event: TileEvent, tiles: number): string {
  const who = workers === 0 ? "main thread" : `worker ${event.worker + 1}`;
  const label = labels[event.launch] ?? "?";
  const took = milliseconds(event.end - event.begin);
  return `${who} · ${label} · tile ${event.tile + 1} of ${tiles} · at ${milliseconds(event.begin - asked)} for ${took}`;
}

/** 1, 2 or 5 times a power of ten, at least `least`. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 5, 10].find((times) => times * power >= least) ?? 10) * power;
}
