// Values out of nothing: one number throughout, and the index along an axis.

import type { DType } from "../base/dtypes.ts";
import type { Shape } from "../base/shapes.ts";
import { fullNode, iotaNode } from "../graph/build.ts";
import { constantValue, type Value } from "../graph/tape.ts";

export const full = (dtype: DType, shape: Shape, value: number): Value =>
  constantValue(fullNode(dtype, shape, value));

/** `value` in every element, of the dtype and shape of `x`. */
export const fullLike = (x: Value, value: number): Value => full(x.node.dtype, x.node.shape, value);

export const zerosLike = (x: Value): Value => fullLike(x, 0);

/** 0, 1, … size - 1, as int32. */
export const iota = (size: number): Value => constantValue(iotaNode(size));
