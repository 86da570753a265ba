// DrawingPad: a square to draw a digit on, by pointer or by a button that draws one.

import { cleared, inks, onSchemeChange } from "../../page/surface.ts";
import type { Point, Stroke } from "./strokes.ts";

/** Of the pad's side. */
const lineWidth = 0.07;

export class DrawingPad {
  readonly canvas = document.createElement("canvas");
  /** Another number for each change. */
  version = 0;
  private strokes: Point[][] = [];
  private readonly onChange: () => void;
  /** What a finished drawing stands for until somebody draws: the next stroke replaces it. */
  private isExample = false;

  constructor(onChange: () => void) {
    this.onChange = onChange;
    this.canvas.className = "pad";
    this.canvas.role = "img";
    this.canvas.ariaLabel = "A pad to draw a digit on. The button below draws one for you.";
    this.canvas.addEventListener("pointerdown", (event) => this.begin(event));
    this.canvas.addEventListener("pointermove", (event) => this.go(event));
    onSchemeChange(() => this.draw());
    new ResizeObserver(() => requestAnimationFrame(() => this.draw())).observe(this.canvas);
  }

  /** In units of the pad's side. */
  get drawing(): readonly Stroke[] {
    return this.strokes;
  }

  clear(): void {
    this.show([]);
  }

  /** Puts a digit there that was not drawn by hand; it is centred. */
  show(strokes: readonly Stroke[]): void {
    this.strokes = strokes.map((stroke) =>
      stroke.map(([x, y]) => [0.5 + 0.62 * x, 0.5 + 0.62 * y]),
    );
    this.isExample = strokes.length > 0;
    this.changed();
  }

  private begin(event: PointerEvent): void {
    if (!event.isPrimary || event.button !== 0) return;
    if (this.isExample) this.strokes = [];
    this.isExample = false;
    this.canvas.setPointerCapture(event.pointerId);
    this.strokes.push([this.pointOf(event)]);
    this.changed();
  }

  private go(event: PointerEvent): void {
    const stroke = this.strokes.at(-1);
    if (!stroke || !this.canvas.hasPointerCapture(event.pointerId)) return;
    stroke.push(...event.getCoalescedEvents().map((one) => this.pointOf(one)));
    this.changed();
  }

  private pointOf({ clientX, clientY }: PointerEvent): Point {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    return [(clientX - left) / width, (clientY - top) / height];
  }

  private changed(): void {
    this.version++;
    this.draw();
    this.onChange();
  }

  private draw(): void {
    const surface = cleared(this.canvas);
    if (!surface) return;
    const { context, width } = surface;
    const { ink, quiet } = inks();
    if (this.strokes.length === 0) {
      context.fillStyle = quiet;
      context.font = "15px ui-sans-serif, system-ui, sans-serif";
      context.textAlign = "center";
      context.fillText("draw a digit here", width / 2, width / 2);
    }
    context.strokeStyle = ink;
    context.lineWidth = lineWidth * width;
    context.lineCap = "round";
    context.lineJoin = "round";
    for (const stroke of this.strokes) {
      context.beginPath();
      for (const [x, y] of stroke) context.lineTo(x * width, y * width);
      const [x, y] = stroke[0]!;
      if (stroke.length === 1) context.lineTo(x * width + 0.01, y * width);
      context.stroke();
    }
  }
}
