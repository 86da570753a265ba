// A small convolutional network on [64,1,28,28]: conv 3×3 1→32, relu, max-pool 2, conv 3×3 32→64, relu,
// max-pool 2, linear 3136→10, cross-entropy; one step of gradient descent. Flops: its contractions'.

import type { Tensor } from "../../src/index.ts";
import type { TimedWorkload } from "../contract.ts";
import { crossEntropy, type Numbers, product } from "../reference.ts";
import { normal } from "../seeded.ts";
import { type Model, ourStep, seededClasses, seededWeights, stepError } from "./training.ts";

const BATCH = 64;
const CLASSES = 10;
const KERNEL = 3;
interface Block {
  readonly from: number;
  readonly to: number;
  readonly side: number;
}
const first: Block = { from: 1, to: 32, side: 28 };
const second: Block = { from: 32, to: 64, side: 14 };
const FEATURES = second.to * (second.side / 2) ** 2;

const images = {
  shape: [BATCH, first.from, first.side, first.side],
  values: normal(71, BATCH * first.from * first.side ** 2),
};
const classes = seededClasses(72, [BATCH], CLASSES);

const filters = ({ from, to }: Block) =>
  [[to, from, KERNEL, KERNEL], from * KERNEL ** 2] as [number[], number];
const biases = ({ from, to }: Block) => [[to], from * KERNEL ** 2] as [number[], number];

/** out += weight · x, shifted by one row and column at most, within the image. */
function addShifted(
  out: Numbers,
  x: Numbers,
  side: number,
  [dy, dx, weight]: readonly [number, number, number],
): void {
  for (let row = Math.max(0, -dy); row < Math.min(side, side - dy); row += 1) {
    const from = (row + dy) * side + dx;
    for (let column = Math.max(0, -dx); column < Math.min(side, side - dx); column += 1) {
      const at = row * side + column;
      out[at] = (out[at] as number) + weight * (x[from + column] as number);
    }
  }
}

function pooled(x: Numbers, side: number): Numbers {
  const half = side / 2;
  return Float64Array.from({ length: half * half }, (_, at) => {
    const corner = 2 * Math.floor(at / half) * side + 2 * (at % half);
    const window = [corner, corner + 1, corner + side, corner + side + 1];
    return Math.max(0, ...window.map((place) => Number(x[place])));
  });
}

/** Convolution, relu and pooling of all images; relu and the largest of four commute. */
function block(x: Numbers, { from, to, side }: Block, w: Numbers, b: Numbers): Numbers {
  const plane = side * side;
  const out = new Float64Array((BATCH * to * plane) / 4);
  for (let image = 0; image < BATCH; image += 1) {
    for (let filter = 0; filter < to; filter += 1) {
      const sums = new Float64Array(plane).fill(Number(b[filter]));
      for (let tap = 0; tap < from * KERNEL ** 2; tap += 1) {
        const channel = image * from + Math.floor(tap / KERNEL ** 2);
        const [dy, dx] = [(Math.floor(tap / KERNEL) % KERNEL) - 1, (tap % KERNEL) - 1];
        const weight = Number(w[filter * from * KERNEL ** 2 + tap]);
        addShifted(sums, x.subarray(channel * plane, (channel + 1) * plane), side, [
          dy,
          dx,
          weight,
        ]);
      }
      out.set(pooled(sums, side), ((image * to + filter) * plane) / 4);
    }
  }
  return out;
}

function reference(weights: Record<string, Numbers>): number {
  const { w1, b1, w2, b2, w3, b3 } = weights as Record<
    "w1" | "b1" | "w2" | "b2" | "w3" | "b3",
    Numbers
  >;
  const h1 = block(Float64Array.from(images.values), first, w1, b1);
  const h2 = block(h1, second, w2, b2);
  const logits = product(h2, w3, [BATCH, FEATURES, CLASSES]);
  return crossEntropy(
    logits.map((x, at) => x + Number(b3[at % CLASSES])),
    classes.values,
  );
}

const model: Model = {
  name: "cnn",
  rate: 0.1,
  weights: seededWeights(73, {
    w1: filters(first),
    b1: biases(first),
    w2: filters(second),
    b2: biases(second),
    w3: [[FEATURES, CLASSES], FEATURES],
    b3: [[CLASSES], FEATURES],
  }),
  batch: { images, classes },
  loss(sg, weights, batch) {
    const { w1, b1, w2, b2, w3, b3 } = weights as Record<string, Tensor>;
    const { conv2d, maxPool2d } = sg.nn.functional;
    const convolve = (x: Tensor, w: Tensor, b: Tensor): Tensor =>
      maxPool2d(conv2d(x, w, b, { padding: 1 }).relu(), 2);
    const h1 = convolve(batch.images as Tensor, w1 as Tensor, b1 as Tensor);
    const h2 = convolve(h1, w2 as Tensor, b2 as Tensor);
    const logits = h2
      .reshape(BATCH, FEATURES)
      .matmul(w3 as Tensor)
      .add(b3 as Tensor);
    return sg.nn.functional.crossEntropy(logits, batch.classes as Tensor);
  },
  reference,
};

const flopsOf = ({ from, to, side }: Block): number =>
  2 * BATCH * side ** 2 * to * from * KERNEL ** 2;
/** Every contraction, its weights' gradient, and its input's but the first. */
const flops = 2 * flopsOf(first) + 3 * (flopsOf(second) + 2 * BATCH * FEATURES * CLASSES);

export const cnn: TimedWorkload = {
  kind: "timed",
  name: "cnn",
  about: "one SGD step of two convolutions, two max-pools and a linear layer on [64,1,28,28]",
  flops,
  limitFlops: flops,
  tolerance: 5e-3,
  ours: ourStep(model),
  worstError: stepError(model),
};
