// copy_, fill_ and zero_: the old elements go, and so does what they depended on.

import { describe } from "../base/binding-errors.ts";
import { holds, isInteger } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { isTensor } from "../base/parameters.ts";
import type { Scalar } from "../base/scalars.ts";
import { Float, scalarValue } from "../base/scalars.ts";
import { sameShape, showShape, sizeOf } from "../base/shapes.ts";
import { to } from "../functions/casts.ts";
import { full, zeros } from "../functions/creation.ts";
import { expand } from "../functions/shapes.ts";
import { constantValue, type Value } from "../graph/tape.ts";
import { upload } from "../realize.ts";
import type { Handle } from "./handle.ts";
import { checkMayChange, overwrite, replacement } from "./in-place.ts";
import { elementsOf, type TensorData } from "./nested.ts";

export function copyInto<T extends Handle>(target: T, source: Handle | TensorData): T {
  const handles = isTensor(source) ? [target, source as Handle] : [target];
  checkMayChange("copy", target, handles);
  const value = isTensor(source)
    ? (source as Handle).value
    : uploaded(target, source as TensorData);
  replace("copy", "CopyBackwards", target, value, handles);
  return target;
}

function uploaded(target: Handle, source: TensorData): Value {
  const { shape, dtype, data } = elementsOf("copy_", source, target.dtype);
  const isFlat = ArrayBuffer.isView(source) && data.length === sizeOf(target.shape);
  return constantValue(upload(dtype, isFlat ? target.shape : shape, data));
}

export function fillWith<T extends Handle>(op: string, target: T, source: Handle | Scalar): T {
  const name = op.slice(0, -1);
  const handles = isTensor(source) ? [target, source as Handle] : [target];
  checkMayChange(name, target, handles);
  const tapeName = `${name[0]?.toUpperCase()}${name.slice(1)}Backward0`;
  if (isTensor(source)) {
    const { shape, value } = source as Handle;
    if (shape.length > 0) {
      fail(op, `only supports a 0-dimensional value tensor, got ${showShape(shape)}`);
    }
    replace(name, tapeName, target, value, handles);
    return target;
  }
  const isNumber = ["number", "boolean"].includes(typeof source) || source instanceof Float;
  if (!isNumber) fail(op, `value must be a number or a tensor, got ${describe(source)}`);
  const { dtype } = target;
  const number = scalarValue(source as Scalar);
  if (isInteger(dtype) && !holds(dtype, Math.trunc(number))) {
    fail(op, `value ${number} cannot be converted to ${dtype} without overflow`);
  }
  replace(name, tapeName, target, constantValue(full(target.shape, number, dtype).node), handles);
  return target;
}

/** Any dtype may be copied into any other: what does not fit is cut, not refused. */
function replace(
  op: string,
  tapeName: string,
  target: Handle,
  source: Value,
  handles: readonly Handle[],
): void {
  const cast = to(source, target.dtype);
  const fits = sameShape(cast.node.shape, target.shape);
  const value = fits ? cast : expand(cast, target.shape);
  const zerosLike = (g: Value): Value => zeros(g.node.shape, g.node.dtype);
  overwrite(op, target, replacement(tapeName, target.value, value, zerosLike), handles);
}
