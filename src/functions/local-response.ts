// Normalization by what neighbouring channels have.

import { type Composite, composite } from "../autograd/composite.ts";
import { isFloat } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { reshape } from "../ops/linear.ts";
import { pow } from "../ops/transcendental.ts";
import { div } from "./arithmetic.ts";
import { sumOfWindows } from "./average-pooling.ts";
import { asFloat } from "./operands.ts";
import { constantPadNd } from "./rearrangements.ts";

export interface LocalResponse {
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;
}

const spec: Composite<LocalResponse> = {
  name: "DivBackward0",
  body: ([x], { size, alpha, beta, k }) => {
    const { shape } = x.node;
    const [batch, channels] = shape;
    const rows = reshape(ops.mul(x, x), [batch, channels, x.node.size / (batch * channels)]);
    const front = Math.floor(size / 2);
    const sums = sumOfWindows(constantPadNd(rows, [0, 0, front, size - 1 - front], 0), {
      input: [channels + size - 1, rows.node.shape[2]],
      out: [channels, rows.node.shape[2]],
      kernel: [size, 1],
      stride: [1, 1],
      padding: [0, 0],
      dilation: [1, 1],
    });
    // Of integers the mean is one, as PyTorch's pooling of them gives it.
    const mean = asFloat(div(reshape(sums, shape), size, isFloat(x.node.dtype) ? null : "trunc"));
    return ops.div(asFloat(x), pow(ops.add(ops.mul(mean, alpha), k), beta));
  },
};

/** x / (k + alpha·mean of x² over `size` channels around)^beta */
export function localResponseNorm(x: Value, options: LocalResponse): Value {
  const { shape, size } = x.node;
  if (shape.length < 3) {
    fail(
      "localResponseNorm",
      `Expected 3D or higher dimensionality input (got ${shape.length} dimensions)`,
    );
  }
  if (options.size < 1) fail("localResponseNorm", `size must be at least 1, got ${options.size}`);
  return size === 0 ? x : composite(spec, [x], options);
}
