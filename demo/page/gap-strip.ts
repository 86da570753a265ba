// The strip of frame gaps: the last ten seconds, each frame a block as wide and as high as its gap.

import type { Gap } from "./frame-gaps.ts";
import { cleared, inks, type Surface, smallType } from "./surface.ts";

const windowMilliseconds = 10_000;
/** The scale is logarithmic, from the first to the last of these. */
const lowest = 6;
const highest = 1200;
const marks = [16.7, 50, 250, 1000];
const margin = { left: 2, right: 54, top: 6, bottom: 2 };

export function drawGapStrip(canvas: HTMLCanvasElement, gaps: readonly Gap[], now: number): void {
  const surface = cleared(canvas);
  if (!surface) return;
  drawMarks(surface);
  const { context, width, height } = surface;
  const perMillisecond = (width - margin.left - margin.right) / windowMilliseconds;
  const colours = inks();
  for (const { end, milliseconds, activity } of gaps) {
    const from = Math.max(end - milliseconds, now - windowMilliseconds);
    if (end <= from) continue;
    const x = width - margin.right - (now - from) * perMillisecond;
    const y = heightOf(milliseconds, height);
    context.fillStyle = colours[activity];
    context.fillRect(
      x,
      y,
      Math.max((end - from) * perMillisecond, 0.6),
      height - margin.bottom - y,
    );
  }
}

function drawMarks({ context, width, height }: Surface): void {
  const { line, quiet } = inks();
  context.font = smallType;
  context.textBaseline = "middle";
  for (const mark of marks) {
    const y = Math.round(heightOf(mark, height)) + 0.5;
    context.strokeStyle = line;
    context.beginPath();
    context.moveTo(margin.left, y);
    context.lineTo(width - margin.right, y);
    context.stroke();
    context.fillStyle = quiet;
    context.fillText(mark < 1000 ? `${Math.round(mark)} ms` : "1 s", width - margin.right + 6, y);
  }
}

function heightOf(milliseconds: number, height: number): number {
  const clamped = Math.min(Math.max(milliseconds, lowest), highest);
  const share = Math.log(clamped / lowest) / Math.log(highest / lowest);
  return height - margin.bottom - share * (height - margin.top - margin.bottom);
}
