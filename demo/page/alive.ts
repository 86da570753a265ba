// Alive: one requestAnimationFrame loop that measures the page and draws what it measures.

import { element } from "./elements.ts";
import { FrameGaps, type Mode } from "./frame-gaps.ts";
import { drawGapStrip } from "./gap-strip.ts";
import { drawPendulums } from "./pendulums.ts";
import { count, milliseconds } from "./quantities.ts";

/** Text changes this often at most: faster cannot be read. */
const textMilliseconds = 250;
const modes: readonly Mode[] = ["workers", "main"];

export class Alive {
  readonly gaps = new FrameGaps();
  private readonly pendulums: HTMLCanvasElement[] = [];
  private readonly strip = element("gaps", HTMLCanvasElement);
  private readonly pauses: HTMLButtonElement[] = [];
  private isPaused = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  /** The animation's own clock, which stands still in a pause. */
  private clock = 0;
  private last = performance.now();
  private textDrawn = Number.NEGATIVE_INFINITY;

  start(): void {
    this.animate(element("pendulums", HTMLCanvasElement), element("pause", HTMLButtonElement));
    document.addEventListener("visibilitychange", () => this.gaps.interrupt());
    const frame = (): void => {
      this.frame(performance.now());
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  /** Draws the animation here too, while it can be seen. */
  animate(canvas: HTMLCanvasElement, pause: HTMLButtonElement): void {
    this.pendulums.push(canvas);
    this.pauses.push(pause);
    pause.addEventListener("click", () => {
      this.isPaused = !this.isPaused;
      this.showPause();
    });
    this.showPause();
  }

  private frame(now: number): void {
    this.gaps.frame(now);
    if (!this.isPaused) this.clock += now - this.last;
    this.last = now;
    for (const canvas of this.pendulums) drawPendulums(canvas, this.clock);
    drawGapStrip(this.strip, this.gaps.recent, now);
    if (now - this.textDrawn < textMilliseconds) return;
    this.textDrawn = now;
    for (const mode of modes) this.showSummary(mode);
  }

  private showSummary(mode: Mode): void {
    const summary = this.gaps.summary(mode);
    const gap = element(`gap-${mode}`, HTMLElement);
    const missed = element(`missed-${mode}`, HTMLElement);
    gap.textContent = summary ? milliseconds(summary.longest) : "–";
    if (!summary) missed.textContent = "not run yet";
    else {
      const all = summary.frames + summary.missed;
      missed.textContent = `longest frame gap\n${count(summary.missed)} of ${count(all)} frames missed`;
    }
  }

  private showPause(): void {
    for (const pause of this.pauses) {
      pause.setAttribute("aria-pressed", String(this.isPaused));
      pause.textContent = this.isPaused ? "Resume animation" : "Pause animation";
    }
  }
}
