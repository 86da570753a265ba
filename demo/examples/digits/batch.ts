// Batches of digits, written anew each time: no image is seen twice.

import { type Tensor, tensor } from "../../../src/index.ts";
import type { Chance } from "../chance.ts";
import { drawImage, pixels, side } from "./image.ts";
import { digitStyles } from "./shapes.ts";
import { handwritten, type Stroke } from "./strokes.ts";

export interface Digits {
  readonly images: Float32Array;
  readonly labels: Int32Array;
}

export function writtenDigit(digit: number, chance: Chance): Stroke[] {
  const styles = digitStyles[digit]!;
  return handwritten(styles[chance.below(styles.length)]!, chance);
}

export function writtenDigits(count: number, chance: Chance): Digits {
  const images = new Float32Array(count * pixels);
  const labels = new Int32Array(count);
  for (let at = 0; at < count; at++) {
    const digit = chance.below(10);
    labels[at] = digit;
    const image = images.subarray(at * pixels, (at + 1) * pixels);
    drawImage(image, writtenDigit(digit, chance), chance.between(0.7, 1.9));
  }
  return { images, labels };
}

export const imageTensor = (images: Float32Array): Tensor =>
  tensor(images).reshape([images.length / pixels, 1, side, side]);

export const labelTensor = (labels: Int32Array): Tensor => tensor(labels, { dtype: "int64" });
