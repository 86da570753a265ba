// fromPixels: a tensor of an image. The pixels are as they are at the call; they are copied a stripe at
// a time, so that a large image does not hold up the page, and become channels on the workers.

import type { DType } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { anything, choice, dtype, int, only } from "../base/parameters.ts";
import { bind, declare } from "../base/signature.ts";
import { constantValue } from "../graph/tape.ts";
import { nextTurn, upload } from "../realize.ts";
import { makeTensor } from "../tensor/make.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Channels, type Layout, layouts, stripeRows, unpacked } from "./packed-pixels.ts";

/** Bytes R, G, B, A of each pixel, row by row: an ImageData, or what looks like one. */
interface PixelData {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray | Uint8Array;
}

type Drawable =
  | HTMLCanvasElement
  | OffscreenCanvas
  | ImageBitmap
  | HTMLImageElement
  | HTMLVideoElement
  | VideoFrame;

export type PixelSource = ImageData | PixelData | Drawable;

export interface FromPixelsOptions {
  /** 3: RGB, by default; 4: with alpha; 1: luminance. */
  channels?: Channels;
  /** [C, H, W], by default, or [H, W, C]. */
  layout?: Layout;
  /** Floats are 0 … 1, integers 0 … 255. By default float32. */
  dtype?: DType;
}

const form = {
  params: declare([
    anything("source"),
    only(int("channels", 3)),
    only(choice("layout", layouts)),
    only(dtype("dtype", "float32")),
  ]),
};

/** Resolves when the tensor is computed. */
export async function fromPixels(source: PixelSource, options?: FromPixelsOptions): Promise<Tensor>;
export async function fromPixels(source: unknown, ...options: unknown[]): Promise<Tensor> {
  // Bound as a method is: { data, width, height } would be taken for options.
  const { values } = bind("fromPixels", [form], source, options);
  const [, channels, layout, dtype] = values as [unknown, number, Layout, DType];
  checkFormat(channels, dtype);
  const { width, height, words } = await wordsOf(source);
  const packed = makeTensor(constantValue(upload("int32", [height, width], words)));
  try {
    const format = { channels: channels as Channels, layout, dtype };
    return await makeTensor(unpacked(packed.value, format)).realize();
  } finally {
    packed.dispose();
  }
}

function checkFormat(channels: number, dtype: DType): void {
  if (![1, 3, 4].includes(channels))
    fail("fromPixels", `channels must be 1, 3 or 4, got ${channels}`);
  if (dtype === "bool" || dtype === "int8") {
    fail("fromPixels", `${dtype} does not hold 0 … 255. Use uint8, or a floating point dtype`);
  }
}

interface Words {
  readonly width: number;
  readonly height: number;
  readonly words: Int32Array;
}

function wordsOf(source: unknown): Words | Promise<Words> {
  if (isPixelData(source)) return wordsOfData(source);
  if (isDrawable(source)) return wordsOfDrawable(source);
  fail(
    "fromPixels",
    "wants an ImageData, a canvas, an ImageBitmap, an image or a video element, or " +
      `{ data, width, height } with bytes; got ${kindOf(source)}`,
  );
}

const kindOf = (value: unknown): string =>
  typeof value === "object" && value !== null ? value.constructor?.name : String(value);

const isBytes = (data: unknown): data is Uint8ClampedArray | Uint8Array =>
  data instanceof Uint8ClampedArray || data instanceof Uint8Array;

function isPixelData(source: unknown): source is PixelData {
  if (typeof source !== "object" || source === null || !("data" in source)) return false;
  if (isBytes(source.data)) return true;
  fail("fromPixels", `wants pixels of bytes, got ${kindOf(source.data)}`);
}

function wordsOfData({ data, width, height }: PixelData): Words {
  checkSize(width, height);
  if (data.length !== 4 * width * height) {
    fail(
      "fromPixels",
      `${width} × ${height} pixels of R, G, B, A are ${4 * width * height} bytes, got ${data.length}`,
    );
  }
  const isAligned = data.byteOffset % Int32Array.BYTES_PER_ELEMENT === 0;
  const { buffer, byteOffset } = isAligned ? data : data.slice();
  return {
    width,
    height,
    words: new Int32Array(buffer as ArrayBuffer, byteOffset, width * height),
  };
}

function checkSize(width: number, height: number): void {
  if (width > 0 && height > 0 && Number.isInteger(width) && Number.isInteger(height)) return;
  fail("fromPixels", `the source has no pixels: its size is ${width} × ${height}`);
}

/** Whether the host has a class of that name, and the value is of it. */
function isOne(value: unknown, name: string): boolean {
  const type = (globalThis as Record<string, unknown>)[name];
  return typeof type === "function" && value instanceof type;
}

const drawables = [
  "HTMLCanvasElement",
  "OffscreenCanvas",
  "ImageBitmap",
  "HTMLImageElement",
  "HTMLVideoElement",
  "VideoFrame",
] as const;

const isDrawable = (source: unknown): source is Drawable =>
  drawables.some((name) => isOne(source, name));

/** What a source shows may change between two stripes: a picture of it is taken first. */
async function wordsOfDrawable(source: Drawable): Promise<Words> {
  const isOwn = !isOne(source, "ImageBitmap");
  const picture = isOwn ? await pictureOf(source) : (source as ImageBitmap);
  try {
    return await wordsOfPicture(picture);
  } finally {
    if (isOwn) picture.close();
  }
}

async function pictureOf(source: Drawable): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(source);
  } catch (cause) {
    throw new Error(
      `fromPixels: the ${kindOf(source)} has no picture yet, or none at all. Await image.decode(), ` +
        "or the video's loadeddata event",
      { cause },
    );
  }
}

async function wordsOfPicture(picture: ImageBitmap): Promise<Words> {
  const { width, height } = picture;
  checkSize(width, height);
  const rows = Math.min(height, stripeRows(width));
  const context = new OffscreenCanvas(width, rows).getContext("2d", { willReadFrequently: true });
  if (!context) fail("fromPixels", `no canvas of ${width} × ${rows} pixels is to be had`);
  context.globalCompositeOperation = "copy";
  const words = new Int32Array(width * height);
  for (let top = 0; top < height; top += rows) {
    if (top > 0) await nextTurn();
    const count = Math.min(rows, height - top);
    context.drawImage(picture, 0, top, width, count, 0, 0, width, count);
    const { data } = readable(context, width, count);
    words.set(new Int32Array(data.buffer, data.byteOffset, width * count), width * top);
  }
  return { width, height, words };
}

function readable(
  context: OffscreenCanvasRenderingContext2D,
  width: number,
  rows: number,
): ImageData {
  try {
    return context.getImageData(0, 0, width, rows);
  } catch (cause) {
    throw new Error(
      "fromPixels: the image comes from another origin, which does not share its pixels. Load it " +
        'with crossOrigin = "anonymous" from a server that allows it',
      { cause },
    );
  }
}
