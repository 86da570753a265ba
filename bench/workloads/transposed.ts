// Transposed convolutions: the table's shapes turned round, and the stride of a decoder, which doubles the
// side. Every element of x adds one window of w to the output.

import type { Tensor } from "../../src/index.ts";
import type { Outputs, Shardgrad, TimedWorkload, Trial } from "../contract.ts";
import { normal } from "../seeded.ts";
import { ourTrial } from "../trials/ours-trial.ts";
import { errorOf } from "../verify.ts";

const BATCH = 32;
const CHANNELS = 64;
const FILTERS = 32;
const PADDING = 1;
const SAMPLES = 499;
const FLOOR = 1;

interface Layer {
  readonly name: string;
  readonly about: string;
  readonly side: number;
  readonly kernel: number;
  readonly stride: number;
}

const outSide = ({ side, kernel, stride }: Layer): number =>
  (side - 1) * stride - 2 * PADDING + kernel;
const inputShape = ({ side }: Layer) => [BATCH, CHANNELS, side, side];
const weightShape = ({ kernel }: Layer) => [CHANNELS, FILTERS, kernel, kernel];
const sizeOf = (shape: readonly number[]): number => shape.reduce((size, n) => size * n, 1);
const elements = (seed: number, shape: readonly number[]) => normal(seed, sizeOf(shape));

const ours =
  (layer: Layer) =>
  (sg: Shardgrad): Trial => {
    const given = (seed: number, shape: number[]): Tensor =>
      sg.tensor(elements(seed, shape)).reshape(shape);
    const { stride } = layer;
    return ourTrial({
      inputs: () => ({ x: given(7, inputShape(layer)), w: given(9, weightShape(layer)) }),
      build: ({ x, w }) => ({
        y: sg.convTranspose2d(x as Tensor, w as Tensor, { stride, padding: PADDING }),
      }),
    });
  };

/** The position of x that meets `tap` of the window at `out`, if there is one. */
function metAt({ side, stride }: Layer, out: number, tap: number): number | null {
  const at = (out + PADDING - tap) / stride;
  return Number.isInteger(at) && at >= 0 && at < side ? at : null;
}

function elementAt(layer: Layer, { x, w }: Outputs, at: number): number {
  const { side, kernel } = layer;
  const out = outSide(layer);
  const [column, row] = [at % out, Math.floor(at / out) % out];
  const filter = Math.floor(at / out ** 2) % FILTERS;
  const image = Math.floor(at / (out ** 2 * FILTERS));
  let total = 0;
  for (let tap = 0; tap < kernel ** 2; tap += 1) {
    const y = metAt(layer, row, Math.floor(tap / kernel));
    const z = metAt(layer, column, tap % kernel);
    if (y === null || z === null) continue;
    for (let channel = 0; channel < CHANNELS; channel += 1) {
      const value = x?.[((image * CHANNELS + channel) * side + y) * side + z];
      const weight = w?.[(channel * FILTERS + filter) * kernel ** 2 + tap];
      total += Number(value) * Number(weight);
    }
  }
  return total;
}

function worstError(layer: Layer, outputs: Outputs): number {
  const count = BATCH * FILTERS * outSide(layer) ** 2;
  let worst = outputs.y?.length === count ? 0 : Number.POSITIVE_INFINITY;
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const at = Math.floor((sample * count) / SAMPLES);
    worst = Math.max(worst, errorOf(outputs.y?.[at], elementAt(layer, outputs, at), FLOOR));
  }
  return worst;
}

function workload(layer: Layer): TimedWorkload {
  const flops = 2 * sizeOf(inputShape(layer)) * FILTERS * layer.kernel ** 2;
  return {
    kind: "timed",
    name: layer.name,
    about: layer.about,
    flops,
    limitFlops: flops,
    tolerance: 1e-3,
    ours: ours(layer),
    worstError: (outputs) => worstError(layer, outputs),
  };
}

const layers: Layer[] = [
  {
    name: "convTransposed",
    about: "transposed 3 × 3, 64 to 32 channels on [32,64,28,28]",
    side: 28,
    kernel: 3,
    stride: 1,
  },
  {
    name: "convTransposed2",
    about: "transposed 4 × 4 with stride 2, 64 to 32 channels on [32,64,14,14]",
    side: 14,
    kernel: 4,
    stride: 2,
  },
];

export const transposed: TimedWorkload[] = layers.map(workload);
