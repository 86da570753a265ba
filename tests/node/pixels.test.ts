// fromPixels of bytes: what needs no canvas. Canvases, images and toPixels are tested in a browser.

import { beforeAll, describe, expect, test } from "vitest";
import { configure } from "../../src/index.ts";
import { fromPixels, type PixelSource } from "../../src/io.ts";

beforeAll(() => configure({ inline: true }));

/** Two pixels beside each other. */
const data = Uint8ClampedArray.of(255, 0, 51, 255, 10, 20, 200, 128);
const image = { data, width: 2, height: 1 };

describe("fromPixels", () => {
  test("gives channels first, as float32 from 0 to 1", async () => {
    const x = await fromPixels(image);
    expect([x.shape, x.dtype, x.requiresGrad]).toEqual([[3, 1, 2], "float32", false]);
    const wanted = [255, 10, 0, 20, 51, 200].map((byte) => Math.fround(byte / 255));
    expect(Array.from(x.dataSync())).toEqual(wanted);
  });

  test("gives bytes, alpha, and channels last where it is asked to", async () => {
    const x = await fromPixels(image, { channels: 4, layout: "hwc", dtype: "uint8" });
    expect([x.shape, x.dtype]).toEqual([[1, 2, 4], "uint8"]);
    expect(Array.from(await x.data())).toEqual(Array.from(data));
    const double = await fromPixels(image, { dtype: "float64" });
    expect((await double.data())[4]).toBe(51 / 255);
  });

  test("gives the luminance of a gray image", async () => {
    const x = await fromPixels(image, { channels: 1, dtype: "int32" });
    expect(x.shape).toEqual([1, 1, 2]);
    const gray = (r: number, g: number, b: number) => Math.round(0.299 * r + 0.587 * g + 0.114 * b);
    expect(Array.from(await x.data())).toEqual([gray(255, 0, 51), gray(10, 20, 200)]);
  });

  test("sees the pixels as they are at the call, wherever they lie in their buffer", async () => {
    const own = new Uint8ClampedArray(9).subarray(1);
    own.set(data);
    const pending = fromPixels({ data: own, width: 1, height: 2 }, { dtype: "uint8" });
    own.fill(7);
    expect((await pending).shape).toEqual([3, 2, 1]);
    expect(Array.from(await (await pending).data())).toEqual([255, 10, 0, 20, 51, 200]);
  });

  test("says what it cannot read", async () => {
    const refused = (source: unknown, options = {}) =>
      expect(fromPixels(source as PixelSource, options)).rejects;
    await refused(null).toThrow("wants an ImageData, a canvas");
    await refused({ ...image, width: 3 }).toThrow("3 × 1 pixels of R, G, B, A are 12 bytes, got 8");
    await refused({ ...image, width: 0 }).toThrow("no pixels");
    await refused({ ...image, data: new Float32Array(8) }).toThrow("pixels of bytes, got Float32");
    await refused(image, { channels: 2 }).toThrow("channels must be 1, 3 or 4, got 2");
    await refused(image, { dtype: "int8" }).toThrow("int8 does not hold 0 … 255");
    await refused(image, { layout: "nchw" }).toThrow('layout must be one of "chw", "hwc"');
    await refused(image, { chanels: 3 }).toThrow("did you mean channels?");
  });
});
