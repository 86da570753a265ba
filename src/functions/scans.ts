// Running sums, products, extrema and log-sums along an axis, with PyTorch's dtypes and names.

import { type Composite, composite } from "../autograd/composite.ts";
import { type DType, isFloat } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { normalizeAxis } from "../base/shapes.ts";
import { constantValue, type Value } from "../graph/tape.ts";
import { cast } from "../ops/arithmetic.ts";
import { reshape } from "../ops/linear.ts";
import * as ops from "../ops/scan.ts";
import { summedDType } from "./reductions.ts";

type Scan = typeof ops.cumsum;

interface Along {
  readonly axis: number;
  readonly dtype: DType;
}

/** A tensor without dimensions is scanned as one of a single element. */
function along(scan: Scan, x: Value, axis: number): Value {
  if (x.node.shape.length > 0) return scan(x, axis);
  return reshape(scan(reshape(x, [1]), 0), []);
}

const running = (name: string, scan: Scan): Composite<Along> => ({
  name,
  body: ([x], { axis, dtype }) => along(scan, cast(x, dtype), axis),
});

const accumulated =
  (op: string, scan: Scan, spec: Composite<Along>) =>
  (x: Value, dim: number, dtype: DType = summedDType(x.node.dtype)): Value => {
    const { node } = x;
    const axis = normalizeAxis(op, dim, node.shape.length);
    if (dtype === node.dtype && node.shape.length > 0) return scan(x, axis, false, spec.name);
    return composite(spec, [x], { axis, dtype });
  };

/** Integers and bools add up as int64. */
export const cumsum = accumulated("cumsum", ops.cumsum, running("CumsumBackward0", ops.cumsum));

export const cumprod = accumulated(
  "cumprod",
  ops.cumprod,
  running("CumprodBackward0", ops.cumprod),
);

const logcumsumexpSpec = running("LogcumsumexpBackward0", ops.logcumsumexp);

/** log Σ e^x of all elements up to each one. */
export function logcumsumexp(x: Value, dim: number): Value {
  const { dtype, shape } = x.node;
  const axis = normalizeAxis("logcumsumexp", dim, shape.length);
  if (!isFloat(dtype)) {
    fail("logcumsumexp", `not implemented for ${dtype}. Cast it first: x.to("float32")`);
  }
  return composite(logcumsumexpSpec, [x], { axis, dtype });
}

interface Side {
  readonly extremum: Scan;
  readonly position: Scan;
  readonly spec: Composite<Along>;
}

const largest: Side = {
  extremum: ops.cummax,
  position: ops.argcummax,
  spec: running("CummaxBackward0", ops.cummax),
};

const smallest: Side = {
  extremum: ops.cummin,
  position: ops.argcummin,
  spec: running("CumminBackward0", ops.cummin),
};

const extremes =
  (op: string, { extremum, position, spec }: Side) =>
  (x: Value, dim: number): { readonly values: Value; readonly indices: Value } => {
    const { dtype, shape } = x.node;
    const axis = normalizeAxis(op, dim, shape.length);
    const indices = along(position, constantValue(x.node), axis);
    if (shape.length > 0) return { values: extremum(x, axis, false, spec.name), indices };
    return { values: composite(spec, [x], { axis, dtype }), indices };
  };

/** The largest element up to each one, and where it is: of equals the last. NaN stays. */
export const cummax = extremes("cummax", largest);

export const cummin = extremes("cummin", smallest);
