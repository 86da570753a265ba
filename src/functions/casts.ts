// Copies and casts.

import { type Composite, composite } from "../autograd/composite.ts";
import type { DType } from "../base/dtypes.ts";
import type { Value } from "../graph/tape.ts";
import { cast } from "../ops/arithmetic.ts";

/** Of another dtype; x itself when it has that dtype. */
export const to = (x: Value, dtype: DType): Value =>
  x.node.dtype === dtype ? x : cast(x, dtype, "ToCopyBackward0");

const cloneSpec: Composite<null> = { name: "CloneBackward0", body: ([x]) => x };

/** The same elements; a call of its own on the Tape. */
export const clone = (x: Value): Value => composite(cloneSpec, [x], null);

export const contiguous = clone;
