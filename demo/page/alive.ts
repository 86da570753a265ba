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
  private readonly pendulums = element("pendulums", HTMLCanvasElement);
  private readonly strip = element("gaps", HTMLCanvasElement);
  private readonly pause = element("pause", HTMLButtonElement);
  private isPaused = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  /** The animation's own clock, which stands still in a pause. */
  private clock = 0;
  private last = performance.now();
  private textDrawn = Number.NEGATIVE_INFINITY;

  start(): void {
    this.showPause();
    this.pause.addEventListener("click", () => {
      this.isPaused = !this.isPaused;
      this.showPause();
    });
    document.addEventListener("visibilitychange", () => this.gaps.interrupt());
    const frame = (): void => {
      this.frame(performance.now());
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  private frame(now: number): void {
    this.gaps.frame(now);
    if (!this.isPaused) this.clock += now - this.last;
    this.last = now;
    drawPendulums(this.pendulums, this.clock);
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
    this.pause.setAttribute("aria-pressed", String(this.isPaused));
    this.pause.textContent = this.isPaused ? "Resume animation" : "Pause animation";
  }
}
