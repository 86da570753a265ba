// Answers about tensors that only their data can give; they are promises.

import { promote } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { sameShape } from "../base/shapes.ts";
import { type ArgumentsOf, bound } from "./bound.ts";
import type { Tensor } from "./tensor.ts";

/** Whether two tensors have one shape and the same elements. */
export async function equal(...args: ArgumentsOf<"equal", Tensor>): Promise<boolean> {
  const [input, other] = bound<"equal", Tensor>("equal", args);
  if (!sameShape(input.shape, other.shape)) return false;
  if (input.numel() === 0) return true;
  return (await input.eq(other).all().item()) === true;
}

type Closeness = ArgumentsOf<"isclose", Tensor>;

/** Whether |input − other| ≤ atol + rtol·|other|, element by element. */
export function isclose(...args: Closeness): Tensor {
  const [x, y, rtol, atol, equalNan] = bound<"isclose", Tensor>("isclose", args);
  if (rtol < 0) fail("isclose", `rtol must be greater than or equal to zero, but got ${rtol}`);
  if (atol < 0) fail("isclose", `atol must be greater than or equal to zero, but got ${atol}`);
  const dtype = promote(promote(x.dtype, y.dtype), "float32");
  const [input, other] = [x.to(dtype), y.to(dtype)];
  const allowed = other.abs().mul(rtol).add(atol);
  const near = input.sub(other).abs().le(allowed).logicalAnd(other.isfinite());
  const close = near.logicalOr(input.eq(other));
  return equalNan ? close.logicalOr(input.isnan().logicalAnd(other.isnan())) : close;
}

export async function allclose(...args: Closeness): Promise<boolean> {
  return (
    (await isclose(...args)
      .all()
      .item()) === true
  );
}
