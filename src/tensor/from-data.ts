// Tensors of given data.

import type { DType } from "../base/dtypes.ts";
import { anything, bool, dtype, isTensor, only } from "../base/parameters.ts";
import { bind, declare } from "../base/signature.ts";
import { constantValue } from "../graph/tape.ts";
import { upload } from "../realize.ts";
import { makeTensor } from "./make.ts";
import { elementsOf, type TensorData } from "./nested.ts";
import type { Tensor } from "./tensor.ts";

const options = [only(dtype("dtype", null)), only(bool("requiresGrad", false))] as const;
const fromData = [{ params: declare([anything("data"), ...options]) }] as const;
const asForm = [{ params: declare([anything("data"), only(dtype("dtype", null))]) }] as const;

interface DataOptions {
  dtype?: DType | null;
  requiresGrad?: boolean;
}

/** A tensor of a number, of nested lists, or of a typed array; what is given is copied. */
export function tensor(data: TensorData | Tensor, options?: DataOptions): Tensor;
export function tensor(...args: unknown[]): Tensor {
  const { values } = bind("tensor", fromData, undefined, args);
  const [data, dtype, requiresGrad] = values as [unknown, DType | null, boolean];
  const made = isTensor(data) ? copyOf(data as Tensor, dtype) : uploaded("tensor", data, dtype);
  if (requiresGrad) made.requiresGrad = true;
  return made;
}

function copyOf(source: Tensor, dtype: DType | null): Tensor {
  const copy = source.detach().clone();
  return dtype ? copy.to(dtype) : copy;
}

function uploaded(op: string, given: unknown, dtype: DType | null): Tensor {
  const { shape, dtype: fitting, data } = elementsOf(op, given as TensorData, dtype);
  return makeTensor(constantValue(upload(fitting, shape, data)));
}

/** The tensor itself, or a tensor of the data. */
export function asTensor(data: TensorData | Tensor, options?: { dtype?: DType | null }): Tensor;
export function asTensor(...args: unknown[]): Tensor {
  const { values } = bind("asTensor", asForm, undefined, args);
  const [data, dtype] = values as [unknown, DType | null];
  if (!isTensor(data)) return uploaded("asTensor", data, dtype);
  return dtype ? (data as Tensor).to(dtype) : (data as Tensor);
}
