// shardgrad/io: tensors from what a page has, and back.

export { type FromPixelsOptions, fromPixels, type PixelSource } from "./io/from-pixels.ts";
export { type PixelCanvas, type ToPixelsOptions, toPixels } from "./io/to-pixels.ts";
