// Convolutions: the table's 3 × 3 on 28 × 28, alone and with both gradients, depthwise, and the shapes of a
// residual network. The limit is the arithmetic of the products (depthwise: the bytes).

import type { Tensor } from "../../src/index.ts";
import type { Ort, Outputs, Shardgrad, TimedWorkload, Trial } from "../contract.ts";
import { onnxModel } from "../peers/onnx.ts";
import { normal } from "../seeded.ts";
import { ortTrial } from "../trials/ort-trial.ts";
import { ourGradients, ourTrial } from "../trials/ours-trial.ts";
import { errorOf } from "../verify.ts";

interface Layer {
  readonly name: string;
  readonly about: string;
  readonly batch: number;
  readonly channels: number;
  readonly side: number;
  readonly filters: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly groups: number;
}

const table: Layer = {
  name: "conv",
  about: "x[32,32,28,28] with 64 filters of 3 × 3",
  batch: 32,
  channels: 32,
  side: 28,
  filters: 64,
  kernel: 3,
  stride: 1,
  padding: 1,
  groups: 1,
};

const SAMPLES = 499;
const FLOOR = 1;

const outSide = ({ side, padding, kernel, stride }: Layer): number =>
  Math.floor((side + 2 * padding - kernel) / stride) + 1;
const depthOf = ({ channels, groups, kernel }: Layer): number =>
  (channels / groups) * kernel * kernel;
const inputShape = ({ batch, channels, side }: Layer) => [batch, channels, side, side];
const weightShape = ({ filters, channels, groups, kernel }: Layer) => [
  filters,
  channels / groups,
  kernel,
  kernel,
];
const sizeOf = (shape: readonly number[]): number => shape.reduce((size, n) => size * n, 1);
const elements = (seed: number, shape: readonly number[]) => normal(seed, sizeOf(shape));
const flopsOf = (layer: Layer): number =>
  2 * layer.batch * layer.filters * outSide(layer) ** 2 * depthOf(layer);

/** One element of the convolution, in plain loops. */
function elementAt(layer: Layer, { x, w }: Outputs, at: number): number {
  const { channels, groups, filters, kernel, side, stride, padding } = layer;
  const out = outSide(layer);
  const [column, row] = [at % out, Math.floor(at / out) % out];
  const filter = Math.floor(at / out ** 2) % filters;
  const image = Math.floor(at / (out ** 2 * filters));
  const own = channels / groups;
  const first = Math.floor(filter / (filters / groups)) * own;
  let total = 0;
  for (let c = 0; c < own; c += 1) {
    for (let ky = 0; ky < kernel; ky += 1) {
      for (let kx = 0; kx < kernel; kx += 1) {
        const [y, z] = [row * stride + ky - padding, column * stride + kx - padding];
        if (y < 0 || z < 0 || y >= side || z >= side) continue;
        const value = x?.[((image * channels + first + c) * side + y) * side + z] ?? Number.NaN;
        total += value * (w?.[((filter * own + c) * kernel + ky) * kernel + kx] ?? Number.NaN);
      }
    }
  }
  return total;
}

function forwardError(layer: Layer, outputs: Outputs): number {
  const count = layer.batch * layer.filters * outSide(layer) ** 2;
  let worst = outputs.y?.length === count ? 0 : Number.POSITIVE_INFINITY;
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const at = Math.floor((sample * count) / SAMPLES);
    worst = Math.max(worst, errorOf(outputs.y?.[at], elementAt(layer, outputs, at), FLOOR));
  }
  return worst;
}

const given = (sg: Shardgrad, layer: Layer) => ({
  x: sg.tensor(elements(7, inputShape(layer))).reshape(inputShape(layer)),
  w: sg.tensor(elements(9, weightShape(layer))).reshape(weightShape(layer)),
});

const convolve = (sg: Shardgrad, x: Tensor, w: Tensor, { stride, padding, groups }: Layer) =>
  sg.conv2d(x, w, { stride, padding, groups });

const ours =
  (layer: Layer) =>
  (sg: Shardgrad): Trial =>
    ourTrial({
      inputs: () => given(sg, layer),
      build: ({ x, w }) => ({ y: convolve(sg, x as Tensor, w as Tensor, layer) }),
    });

const ort =
  (layer: Layer) =>
  (ort: Ort): Trial => {
    const { kernel, stride, padding, groups } = layer;
    const [shape, filters] = [inputShape(layer), weightShape(layer)];
    const out = [layer.batch, layer.filters, outSide(layer), outSide(layer)];
    const attributes = {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [padding, padding, padding, padding],
      group: groups,
    };
    const model = onnxModel({
      opset: 20,
      inputs: [
        { name: "x", shape },
        { name: "w", shape: filters },
      ],
      outputs: [{ name: "y", shape: out }],
      nodes: [{ op: "Conv", inputs: ["x", "w"], outputs: ["y"], attributes }],
    });
    return ortTrial(ort, {
      inputs: () => ({
        x: new ort.Tensor("float32", elements(7, shape), shape),
        w: new ort.Tensor("float32", elements(9, filters), filters),
      }),
      model,
    });
  };

const forward = (layer: Layer): TimedWorkload => ({
  kind: "timed",
  name: layer.name,
  about: layer.about,
  flops: flopsOf(layer),
  limitFlops: flopsOf(layer),
  tolerance: 1e-3,
  ours: ours(layer),
  worstError: (outputs) => forwardError(layer, outputs),
});

/** Forward, and the gradients of x and w for given cotangents g. */
function oursBackward(sg: Shardgrad): Trial {
  const outShape = [table.batch, table.filters, table.side, table.side];
  return ourGradients(sg, {
    inputs: () => given(sg, table),
    cotangent: () => sg.tensor(elements(11, outShape)).reshape(outShape),
    build: ({ x, w }) => convolve(sg, x as Tensor, w as Tensor, table),
  });
}

/** ⟨y, g⟩ is linear in x and in w: ⟨dx, x⟩ = ⟨dw, w⟩ = ⟨y, g⟩. */
function backwardError(outputs: Outputs): number {
  const dot = (a: ArrayLike<number> | undefined, b: ArrayLike<number> | undefined): number => {
    let total = 0;
    for (let i = 0; i < (a?.length ?? 0); i += 1) total += (a?.[i] ?? 0) * (b?.[i] ?? Number.NaN);
    return total;
  };
  const wanted = dot(outputs.y, outputs.g);
  const scale = Math.sqrt(dot(outputs.y, outputs.y));
  const [byX, byW] = [dot(outputs.dx, outputs.x), dot(outputs.dw, outputs.w)];
  const worst = Math.max(Math.abs(byX - wanted), Math.abs(byW - wanted)) / scale;
  return Math.max(worst, forwardError(table, outputs));
}

const depthwise: Layer = {
  ...table,
  name: "convDepthwise",
  about: "depthwise 3 × 3 on [32,64,56,56]",
  channels: 64,
  filters: 64,
  side: 56,
  groups: 64,
};
const pointwise: Layer = {
  ...table,
  name: "conv1x1",
  about: "1 × 1, 256 to 64 channels on [8,256,56,56]",
  batch: 8,
  channels: 256,
  side: 56,
  kernel: 1,
  padding: 0,
};
const strided: Layer = {
  ...table,
  name: "convStrided",
  about: "3 × 3 with stride 2 on [32,32,56,56], 64 filters",
  side: 56,
  stride: 2,
};
const stem: Layer = {
  ...table,
  name: "convStem",
  about: "7 × 7 with stride 2, 3 to 64 channels on [8,3,224,224]",
  batch: 8,
  channels: 3,
  side: 224,
  kernel: 7,
  stride: 2,
  padding: 3,
};

export const convolutions: TimedWorkload[] = [
  { ...forward(table), ort: ort(table) },
  {
    ...forward(table),
    name: "convFB",
    about: `${table.about}, and both gradients`,
    flops: 3 * flopsOf(table),
    limitFlops: 3 * flopsOf(table),
    ours: oursBackward,
    worstError: backwardError,
  },
  {
    ...forward(depthwise),
    bytes: 4 * 2 * sizeOf(inputShape(depthwise)),
    limit: "copy",
  },
  forward(pointwise),
  forward(strided),
  forward(stem),
];
