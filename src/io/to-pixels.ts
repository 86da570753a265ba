// toPixels: an image of a tensor. Channels become pixels on the workers; the page gets the bytes, and
// draws them a stripe at a time.

import { fail } from "../base/errors.ts";
import { anything, choice, only, tensor } from "../base/parameters.ts";
import { showShape } from "../base/shapes.ts";
import { bind, declare } from "../base/signature.ts";
import { constantValue, type Value } from "../graph/tape.ts";
import { permute, reshape } from "../ops/linear.ts";
import { nextTurn } from "../realize.ts";
import { makeTensor } from "../tensor/make.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Layout, layouts, packed, stripeRows } from "./packed-pixels.ts";

export type PixelCanvas = HTMLCanvasElement | OffscreenCanvas;

export interface ToPixelsOptions {
  /** [C, H, W], by default, or [H, W, C]; C is 1 (gray), 3 (RGB) or 4 (with alpha), or absent. */
  layout?: Layout;
}

const form = {
  params: declare([tensor("input"), anything("canvas", null), only(choice("layout", layouts))]),
};

/**
 * The image, which is drawn on `canvas` besides, if one is given: this takes the image's size. Floats are
 * 0 … 1, integers 0 … 255, and what does not fit is held between the ends.
 */
export async function toPixels(input: Tensor, options?: ToPixelsOptions): Promise<ImageData>;
export async function toPixels(
  input: Tensor,
  canvas: PixelCanvas | null,
  options?: ToPixelsOptions,
): Promise<ImageData>;
export async function toPixels(...args: unknown[]): Promise<ImageData> {
  const { values } = bind("toPixels", [form], undefined, args);
  const [input, canvas, layout] = values as [Tensor, PixelCanvas | null, Layout];
  if (typeof ImageData === "undefined") fail("toPixels", "this host has no ImageData");
  const planes = planesOf(constantValue(input.value.node), layout);
  const [, height, width] = planes.node.shape as readonly [number, number, number];
  const context = canvas && contextOf(canvas);
  const words = makeTensor(packed(planes));
  const { buffer, byteOffset, byteLength } = await words.data().finally(() => words.dispose());
  const bytes = new Uint8ClampedArray(buffer as ArrayBuffer, byteOffset, byteLength);
  const image = new ImageData(bytes, width, height);
  if (context) await draw(image, context);
  return image;
}

/** As [C, H, W]. */
function planesOf(x: Value, layout: Layout): Value {
  const { shape } = x.node;
  const isFlat = shape.length === 2;
  const channels = isFlat ? 1 : layout === "chw" ? shape[0] : shape[2];
  const fits = (isFlat || shape.length === 3) && [1, 3, 4].includes(channels as number);
  if (!fits || x.node.size === 0) {
    const wanted = layout === "chw" ? "[C, H, W]" : "[H, W, C]";
    const other = layout === "chw" ? "hwc" : "chw";
    fail(
      "toPixels",
      `wants [H, W] or ${wanted} with 1, 3 or 4 channels and some pixels, got ${showShape(shape)}. ` +
        `Are the channels elsewhere? { layout: "${other}" }`,
    );
  }
  if (isFlat) return reshape(x, [1, ...shape]);
  return layout === "chw" ? x : permute(x, [2, 0, 1]);
}

type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

function contextOf(canvas: PixelCanvas): Context {
  if (typeof canvas?.getContext !== "function")
    fail("toPixels", "wants a canvas, or null for none");
  const context = canvas.getContext("2d") as Context | null;
  return context ?? fail("toPixels", "the canvas has a context of another kind than 2d already");
}

async function draw(image: ImageData, context: Context): Promise<void> {
  const { width, height } = image;
  context.canvas.width = width;
  context.canvas.height = height;
  const rows = stripeRows(width);
  for (let top = 0; top < height; top += rows) {
    if (top > 0) await nextTurn();
    context.putImageData(image, 0, 0, 0, top, width, Math.min(rows, height - top));
  }
}
