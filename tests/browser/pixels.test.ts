// Images of a page as tensors, and back, on the workers.

import { beforeAll, describe, expect, test } from "vitest";
import { configure, memory, rand, stats, tensor, zeros } from "../../src/index.ts";
import { stripeBytes } from "../../src/io/packed-pixels.ts";
import { fromPixels, type PixelSource, toPixels } from "../../src/io.ts";

beforeAll(() => configure({ workers: 2 }));

/** Two rows of three opaque pixels, no two alike. */
const bytes = Uint8ClampedArray.from({ length: 24 }, (_, at) => (at % 4 === 3 ? 255 : at * 10));
const sample = (): ImageData => new ImageData(bytes.slice(), 3, 2);

function canvasOf(image: ImageData): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width, image.height];
  canvas.getContext("2d")?.putImageData(image, 0, 0);
  return canvas;
}

function offscreenOf(image: ImageData): OffscreenCanvas {
  const canvas = new OffscreenCanvas(image.width, image.height);
  canvas.getContext("2d")?.putImageData(image, 0, 0);
  return canvas;
}

async function elementOf(image: ImageData): Promise<HTMLImageElement> {
  const element = new Image();
  element.src = canvasOf(image).toDataURL("image/png");
  await element.decode();
  return element;
}

const sources: Record<string, () => PixelSource | Promise<PixelSource>> = {
  ImageData: sample,
  HTMLCanvasElement: () => canvasOf(sample()),
  OffscreenCanvas: () => offscreenOf(sample()),
  ImageBitmap: () => createImageBitmap(sample()),
  HTMLImageElement: () => elementOf(sample()),
  VideoFrame: () => new VideoFrame(offscreenOf(sample()), { timestamp: 0 }),
};

/** How often other tasks of the page had their turn while `work` went on. */
async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  const { port1, port2 } = new MessageChannel();
  let turns = 0;
  port1.onmessage = () => {
    turns++;
    port2.postMessage(null);
  };
  port2.postMessage(null);
  await work();
  port1.close();
  return turns;
}

describe("fromPixels", () => {
  test.each(Object.entries(sources))("reads an %s", async (_, make) => {
    const source = await make();
    const x = await fromPixels(source, { channels: 4, layout: "hwc", dtype: "uint8" });
    expect(x.shape).toEqual([2, 3, 4]);
    expect(Array.from(await x.data())).toEqual(Array.from(bytes));
    // The source is still its owner's.
    const again = await fromPixels(source);
    expect([again.shape, again.dtype]).toEqual([[3, 2, 3], "float32"]);
    if (source instanceof VideoFrame) source.close();
  });

  test("reads a canvas that draws in three dimensions", async () => {
    const canvas = new OffscreenCanvas(2, 2);
    const gl = canvas.getContext("webgl", { preserveDrawingBuffer: true });
    if (!gl) return;
    gl.clearColor(1, 0, 0, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    const x = await fromPixels(canvas, { dtype: "uint8" });
    expect(await x.mul(1).tolist()).toEqual([
      [
        [255, 255],
        [255, 255],
      ],
      [
        [0, 0],
        [0, 0],
      ],
      [
        [0, 0],
        [0, 0],
      ],
    ]);
  });

  test("sees the canvas of the call, not what is drawn while it reads", async () => {
    const canvas = new OffscreenCanvas(2048, 1024);
    const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
    const paint = (color: string): void => {
      context.fillStyle = color;
      context.fillRect(0, 0, 2048, 1024);
    };
    paint("#010203");
    const pending = fromPixels(canvas, { dtype: "int32" });
    paint("#ffffff");
    const x = await pending;
    expect(await x.amax([1, 2]).tolist()).toEqual([1, 2, 3]);
    expect(await x.amin([1, 2]).tolist()).toEqual([1, 2, 3]);
  });

  test("keeps no memory but the tensor's", async () => {
    const source = new ImageData(512, 512);
    // What was let go of is kept for a few requests more.
    const settled = async (): Promise<number> => {
      for (let at = 0; at < 6; at++) await zeros(1).add(at).realize();
      return memory().usedBytes;
    };
    const before = await settled();
    const x = await fromPixels(source);
    expect((await settled()) - before).toBeLessThan(1.1 * 3 * 512 * 512 * 4);
    x.dispose();
    expect(await settled()).toBeLessThan(before + 2 ** 16);
  });

  test("runs on the workers, and lets the page go on between stripes", async () => {
    const { fallbacks } = stats();
    const canvas = new OffscreenCanvas(4096, 2048);
    canvas.getContext("2d");
    const turns = await turnsDuring(async () => (await fromPixels(canvas)).dispose());
    expect(turns).toBeGreaterThan((4 * 4096 * 2048) / stripeBytes);
    expect(stats().fallbacks).toBe(fallbacks);
  });

  test("says what is missing", async () => {
    await expect(fromPixels(new Image())).rejects.toThrow("has no picture yet");
    const video = document.createElement("video");
    await expect(fromPixels(video)).rejects.toThrow("has no picture yet");
    const div = document.createElement("div") as unknown as PixelSource;
    await expect(fromPixels(div)).rejects.toThrow("got HTMLDivElement");
  });
});

describe("toPixels", () => {
  test("gives back what fromPixels read, as floats and as bytes", async () => {
    const image = sample();
    for (const options of [{}, { dtype: "uint8" }, { dtype: "float64" }] as const) {
      const back = await toPixels(await fromPixels(image, options));
      expect([back.width, back.height]).toEqual([3, 2]);
      expect(Array.from(back.data)).toEqual(Array.from(bytes));
    }
    const last = await fromPixels(image, { channels: 4, layout: "hwc" });
    expect(Array.from((await toPixels(last, { layout: "hwc" })).data)).toEqual(Array.from(bytes));
  });

  test("keeps alpha, and holds what does not fit", async () => {
    const x = tensor([
      [-1, 0.5],
      [2, NaN],
      [Infinity, 1],
      [0.25, 1],
    ]).reshape(4, 1, 2);
    expect(Array.from((await toPixels(x)).data)).toEqual([0, 255, 255, 64, 128, 0, 255, 255]);
    const whole = tensor([-5, 300]).reshape(1, 2);
    expect(Array.from((await toPixels(whole)).data)).toEqual([0, 0, 0, 255, 255, 255, 255, 255]);
    const mask = tensor([[true, false]]);
    expect(Array.from((await toPixels(mask)).data)).toEqual([255, 255, 255, 255, 0, 0, 0, 255]);
  });

  test.each([
    ["HTMLCanvasElement", () => document.createElement("canvas")],
    ["OffscreenCanvas", () => new OffscreenCanvas(1, 1)],
  ])("draws on an %s, which takes its size", async (_, make) => {
    const canvas = make();
    const image = await toPixels(await fromPixels(sample()), canvas);
    expect([canvas.width, canvas.height]).toEqual([3, 2]);
    expect(Array.from(image.data)).toEqual(Array.from(bytes));
    const shown = (canvas.getContext("2d") as CanvasRenderingContext2D).getImageData(0, 0, 3, 2);
    expect(Array.from(shown.data)).toEqual(Array.from(bytes));
  });

  test("draws a large image in stripes, and lets the page go on", async () => {
    const canvas = document.createElement("canvas");
    const x = await rand(3, 2048, 2048).realize();
    const turns = await turnsDuring(() => toPixels(x, canvas));
    expect(turns).toBeGreaterThan((4 * 2048 * 2048) / stripeBytes);
    const context = canvas.getContext("2d") as CanvasRenderingContext2D;
    const [red] = context.getImageData(2047, 2047, 1, 1).data;
    const last = (await x.select(0, 0).select(0, 2047).select(0, 2047).item()) as number;
    expect(red).toBe(Math.round(last * 255));
  });

  test("does not need a gradient's leaf to be given up", async () => {
    const x = zeros(3, 1, 1, { requiresGrad: true });
    expect(Array.from((await toPixels(x.add(1))).data)).toEqual([255, 255, 255, 255]);
  });

  test("says what it cannot draw", async () => {
    await expect(toPixels(zeros(2, 4, 4))).rejects.toThrow("wants [H, W] or [C, H, W]");
    await expect(toPixels(zeros(4, 4, 3))).resolves.toBeInstanceOf(ImageData);
    await expect(toPixels(zeros(5, 4, 3))).rejects.toThrow('{ layout: "hwc" }');
    await expect(toPixels(zeros(0, 4))).rejects.toThrow("some pixels");
    await expect(toPixels(zeros(2, 2), document.createElement("div") as never)).rejects.toThrow(
      "wants a canvas",
    );
    const taken = document.createElement("canvas");
    if (taken.getContext("webgl")) {
      await expect(toPixels(zeros(2, 2), taken)).rejects.toThrow("another kind than 2d");
    }
  });
});
