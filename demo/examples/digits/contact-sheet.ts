// ContactSheet: digits as the network gets them, each with what it is taken for.

import { cleared, inks, onSchemeChange } from "../../page/surface.ts";
import { rgb } from "../colours.ts";
import type { Digits } from "./batch.ts";
import { pixels, side } from "./image.ts";

const columns = 12;
const label = 16;

export class ContactSheet {
  readonly canvas = document.createElement("canvas");
  private readonly cell = new OffscreenCanvas(side, side);
  private digits: Digits | null = null;
  private guessed: readonly number[] = [];

  constructor() {
    this.canvas.className = "sheet";
    this.canvas.role = "img";
    onSchemeChange(() => this.draw());
    new ResizeObserver(() => requestAnimationFrame(() => this.draw())).observe(this.canvas);
  }

  show(digits: Digits, guessed: readonly number[]): void {
    this.digits = digits;
    this.guessed = guessed;
    const right = guessed.filter((guess, at) => guess === digits.labels[at]).length;
    this.canvas.ariaLabel = `Digits that were not learned from: ${right} of ${guessed.length} right.`;
    this.draw();
  }

  private draw(): void {
    const surface = cleared(this.canvas);
    const { digits } = this;
    if (!surface || !digits) return;
    const { context, width } = surface;
    const { ink, quiet, main } = inks();
    const size = width / columns;
    context.font = "600 12px ui-sans-serif, system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "top";
    this.guessed.forEach((guess, at) => {
      const [x, y] = [(at % columns) * size, Math.floor(at / columns) * (size + label)];
      this.paint(digits.images.subarray(at * pixels, (at + 1) * pixels), rgb(ink));
      context.drawImage(this.cell, x, y, size, size);
      context.fillStyle = guess === digits.labels[at] ? quiet : main;
      context.fillText(String(guess), x + size / 2, y + size);
    });
  }

  private paint(image: Float32Array, [red, green, blue]: readonly [number, number, number]): void {
    const context = this.cell.getContext("2d");
    if (!context) return;
    const data = context.createImageData(side, side);
    image.forEach((ink, at) => data.data.set([red, green, blue, 255 * ink], 4 * at));
    context.putImageData(data, 0, 0);
  }
}
