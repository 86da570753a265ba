// The animation: dots that swing at slightly different speeds and fall in and out of step. It is a
// function of time alone, so a late frame shows as a jump.

import { cleared, inks } from "./surface.ts";

const dots = 33;
/** After so long all dots are in step again. */
const cycleMilliseconds = 48_000;
const slowestSwings = 22;

export function drawPendulums(canvas: HTMLCanvasElement, now: number): void {
  const surface = cleared(canvas);
  if (!surface) return;
  const { context, width, height } = surface;
  const radius = Math.min(7, width / dots / 3);
  const reach = height / 2 - radius - 2;
  const turn = ((now % cycleMilliseconds) / cycleMilliseconds) * 2 * Math.PI;
  const { ink, quiet } = inks();
  for (let dot = 0; dot < dots; dot++) {
    const swing = Math.cos(turn * (slowestSwings + dot / 2));
    const x = ((dot + 0.5) / dots) * width;
    const y = height / 2 - swing * reach;
    context.globalAlpha = 0.16;
    context.strokeStyle = quiet;
    context.beginPath();
    context.moveTo(x, height / 2);
    context.lineTo(x, y);
    context.stroke();
    context.globalAlpha = 0.55 + 0.45 * Math.abs(swing);
    context.fillStyle = ink;
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fill();
  }
  context.globalAlpha = 1;
}
