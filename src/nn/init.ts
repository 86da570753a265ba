// torch.nn.init: fills of a tensor in place, outside of the Tape. Each gives the tensor back.

import type { Arguments } from "../base/arguments.ts";
import { fail } from "../base/errors.ts";
import { choice, generator, int, number, type Param, string, tensor } from "../base/parameters.ts";
import { declare } from "../base/signature.ts";
import { withRecording } from "../graph/tape.ts";
import { eye, randperm, stack } from "../tensor/functions.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { bound } from "./arguments.ts";
import { fanModes, fans, gainOf } from "./init/fans.ts";
import { drawTruncated } from "./init/truncated.ts";

export { calculateGain } from "./init/fans.ts";

type Bound<Params extends readonly Param[]> = ReturnType<typeof bound<Params>>;

const x = tensor("tensor");
const from = generator("generator", null);

/** An initializer: `fill` changes the tensor, which is the first parameter. */
function initializer<const Params extends readonly Param[]>(
  name: string,
  params: Params,
  fill: (...values: Bound<Params>) => void,
): (...args: Arguments<Params, Tensor>) => Tensor {
  const declared = declare(params);
  return (...args) => {
    const values = bound(name, declared, args);
    withRecording(false, () => fill(...values));
    return (values as unknown[])[0] as Tensor;
  };
}

export const uniform_ = initializer(
  "uniform_",
  [x, number("a", 0), number("b", 1), from],
  (x, a, b, generator) => void x.uniform_(a, b, { generator }),
);

export const normal_ = initializer(
  "normal_",
  [x, number("mean", 0), number("std", 1), from],
  (x, mean, std, generator) => void x.normal_(mean, std, { generator }),
);

export const truncNormal_ = initializer(
  "truncNormal_",
  [x, number("mean", 0), number("std", 1), number("a", -2), number("b", 2), from],
  (x, mean, std, a, b, generator) => void x.copy_(drawTruncated(x, { mean, std, a, b }, generator)),
);

export const constant_ = initializer(
  "constant_",
  [x, number("val")],
  (x, value) => void x.fill_(value),
);

export const ones_ = initializer("ones_", [x], (x) => void x.fill_(1));

export const zeros_ = initializer("zeros_", [x], (x) => void x.zero_());

export const eye_ = initializer("eye_", [x], (x) => {
  const [rows, columns] = x.shape;
  if (x.ndim !== 2) fail("eye_", `only tensors with 2 dimensions are supported, got ${x.ndim}`);
  x.copy_(eye(rows as number, columns as number, { dtype: x.dtype }));
});

/** Keeps the channels as they are, as far as there are outputs for them, group by group. */
export const dirac_ = initializer("dirac_", [x, int("groups", 1)], (x, groups) => {
  if (x.ndim < 3 || x.ndim > 5) {
    fail("dirac_", `only tensors with 3, 4 or 5 dimensions are supported, got ${x.ndim}`);
  }
  const [outputs, inputs, ...kernel] = x.shape as [number, number, ...number[]];
  if (outputs % groups !== 0) fail("dirac_", "groups must divide the number of output channels");
  const identity = eye(outputs / groups, inputs, { dtype: x.dtype }).repeat(groups, 1);
  x.zero_();
  const middle = kernel.map((size) => Math.floor(size / 2));
  middle.reduceRight<Tensor>((slice, at) => slice.select(-1, at), x).copy_(identity);
});

const gain = number("gain", 1);

export const xavierUniform_ = initializer(
  "xavierUniform_",
  [x, gain, from],
  (x, gain, generator) => {
    const { fanIn, fanOut } = fans("xavierUniform_", x);
    const bound = gain * Math.sqrt(6 / (fanIn + fanOut));
    x.uniform_(-bound, bound, { generator });
  },
);

export const xavierNormal_ = initializer("xavierNormal_", [x, gain, from], (x, gain, generator) => {
  const { fanIn, fanOut } = fans("xavierNormal_", x);
  x.normal_(0, gain * Math.sqrt(2 / (fanIn + fanOut)), { generator });
});

const kaiming = [
  x,
  number("a", 0),
  choice("mode", fanModes),
  string("nonlinearity", "leakyRelu"),
  from,
] as const;

export const kaimingUniform_ = initializer(
  "kaimingUniform_",
  kaiming,
  (x, a, mode, nonlinearity, generator) => {
    if (x.numel() === 0) return;
    const std = gainOf(nonlinearity, a) / Math.sqrt(fans("kaimingUniform_", x)[mode]);
    x.uniform_(-Math.sqrt(3) * std, Math.sqrt(3) * std, { generator });
  },
);

export const kaimingNormal_ = initializer(
  "kaimingNormal_",
  kaiming,
  (x, a, mode, nonlinearity, generator) => {
    if (x.numel() === 0) return;
    const std = gainOf(nonlinearity, a) / Math.sqrt(fans("kaimingNormal_", x)[mode]);
    x.normal_(0, std, { generator });
  },
);

/** In each column a share of the elements is zero, at random places; the rest is normal. */
export const sparse_ = initializer(
  "sparse_",
  [x, number("sparsity"), number("std", 0.01), from],
  (x, sparsity, std, generator) => {
    if (x.ndim !== 2)
      fail("sparse_", `only tensors with 2 dimensions are supported, got ${x.ndim}`);
    const [rows, columns] = x.shape as [number, number];
    x.normal_(0, std, { generator });
    if (x.numel() === 0) return;
    const places = Array.from({ length: columns }, () => randperm(rows, { generator }));
    x.maskedFill_(stack(places, 1).lt(Math.ceil(sparsity * rows)), 0);
  },
);
