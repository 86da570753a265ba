// Functions of strides, which see the storage behind a tensor.

import { viewBounds } from "../base/views.ts";
import { zeros } from "../functions/creation.ts";
import { asStrided as windowOf } from "../functions/geometry.ts";
import { Storage } from "../storage.ts";
import { type ArgumentsOf, bound } from "./bound.ts";
import { strided, stridedScatter } from "./strided.ts";
import { Tensor } from "./tensor.ts";

/** A view of any window on the storage: sizes, strides and offset count in its elements. */
export function asStrided(...args: ArgumentsOf<"asStridedOf", Tensor>): Tensor {
  const [input, size, stride, offset] = bound<"asStridedOf", Tensor>("asStridedOf", args);
  return strided(input, size, stride, offset ?? input.storageOffset());
}

export function asStridedCopy(...args: ArgumentsOf<"asStridedCopy", Tensor>): Tensor {
  const [input, size, stride, offset] = bound<"asStridedCopy", Tensor>("asStridedCopy", args);
  return strided(input, size, stride, offset ?? input.storageOffset()).clone();
}

/** A copy of the input in which what a window on the storage shows is `src`. */
export function asStridedScatter(...args: ArgumentsOf<"asStridedScatterOf", Tensor>): Tensor {
  const given = bound<"asStridedScatterOf", Tensor>("asStridedScatterOf", args);
  const [input, src, size, stride, offset] = given;
  return stridedScatter(input, src, { size, stride, offset });
}

/** Elements of any value that lie as the strides say. */
export function emptyStrided(...args: ArgumentsOf<"emptyStrided", Tensor>): Tensor {
  const [size, stride, dtype, requiresGrad] = bound<"emptyStrided", Tensor>("emptyStrided", args);
  const bounds = viewBounds({ shape: size, strides: stride, offset: 0 });
  const count = bounds ? bounds.high + 1 : 0;
  const window = windowOf(size, stride, 0, count);
  const { node } = zeros([count], dtype ?? "float32");
  const made = new Tensor(new Storage(node), window, null);
  if (requiresGrad) made.requiresGrad = true;
  return made;
}
