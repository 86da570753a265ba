// WavePicture: what was heard, what came then, and what was foretold.
//
//   heard ~~~~~~~~~~~|~~~~~~~~ came (thin), foretold (strong)

import { cleared, inks, onSchemeChange, type Surface, smallType } from "../../page/surface.ts";

export interface Foretold {
  readonly heard: Float32Array;
  readonly came: Float32Array;
  readonly foretold: Float32Array;
}

const highest = 1.15;

export class WavePicture {
  readonly canvas = document.createElement("canvas");
  private shown: Foretold | null = null;

  constructor() {
    this.canvas.className = "wave";
    this.canvas.role = "img";
    this.canvas.ariaLabel = "A signal, how it went on, and how the network says it goes on.";
    onSchemeChange(() => this.draw());
    new ResizeObserver(() => requestAnimationFrame(() => this.draw())).observe(this.canvas);
  }

  show(shown: Foretold): void {
    this.shown = shown;
    this.draw();
  }

  private draw(): void {
    const surface = cleared(this.canvas);
    const { shown } = this;
    if (!surface || !shown) return;
    const { context, width, height } = surface;
    const { heard, came, foretold } = shown;
    const { ink, idle, workers, line, quiet, raised } = inks();
    const step = width / (heard.length + came.length - 1);
    const now = (heard.length - 1) * step;
    context.fillStyle = raised;
    context.fillRect(0, 0, now, height);
    context.strokeStyle = line;
    context.lineWidth = 1;
    context.strokeRect(now, -1, 0, height + 2);
    const last = heard.subarray(-1);
    trace(surface, { values: [...last, ...came], from: now, step, colour: idle, weight: 2 });
    trace(surface, { values: [...heard], from: 0, step, colour: ink, weight: 2 });
    trace(surface, { values: [...last, ...foretold], from: now, step, colour: workers, weight: 3 });
    context.font = smallType;
    context.fillStyle = quiet;
    context.textBaseline = "top";
    context.fillText("heard", 8, 8);
    context.fillText("by itself", now + 8, 8);
  }
}

interface Line {
  readonly values: readonly number[];
  readonly from: number;
  readonly step: number;
  readonly colour: string;
  readonly weight: number;
}

function trace({ context, height }: Surface, { values, from, step, colour, weight }: Line): void {
  context.strokeStyle = colour;
  context.lineWidth = weight;
  context.lineJoin = "round";
  context.beginPath();
  values.forEach((value, at) => {
    context.lineTo(from + at * step, (height / 2) * (1 - value / highest));
  });
  context.stroke();
}
