// Views through any window on a storage, and copies with what such a view shows replaced.

import { type Composite, composite } from "../autograd/composite.ts";
import { fail } from "../base/errors.ts";
import { mayOverlap, type View } from "../base/views.ts";
import { to } from "../functions/casts.ts";
import { asStrided } from "../functions/geometry.ts";
import { requireSource } from "../functions/view-writes.ts";
import { isRecording } from "../graph/tape.ts";
import * as linear from "../ops/linear.ts";
import { zerosLike } from "../ops/source.ts";
import type { Handle } from "./handle.ts";
import { copySlices, coversStorage, storageView } from "./history.ts";

/** as_strided: a view through any window on the storage. */
export function strided<T extends Handle>(
  of: T,
  size: readonly number[],
  stride: readonly number[],
  offset: number,
): T {
  const window = asStrided(size, stride, offset, of.storage.node.size);
  const edge = of.edge && isRecording() ? storageView(of, window).edge : null;
  return of.follow(window, edge, of.requiresGrad && !edge ? "unrecorded" : "single");
}

export interface Strides {
  readonly size: readonly number[];
  readonly stride: readonly number[];
  readonly offset: number | null;
}

const scatterSpec: Composite<View> = {
  name: "AsStridedScatterBackward0",
  body: ([x, src], window) => linear.place(x, src, window),
  // PyTorch gives the input what lies in the window of g, and nothing of the rest, where the chain
  // rule would give the rest and nothing of the window. Its own gradcheck leaves this function out.
  gradient: (g, [x], _, window) => {
    const part = linear.window(g, window);
    return [linear.place(zerosLike(x), part, window), part];
  },
};

/** A copy of `of` after the elements that a window on its storage shows were replaced. */
export function stridedScatter<T extends Handle>(
  of: T,
  src: Handle,
  { size, stride, offset }: Strides,
): T {
  const op = "asStridedScatter";
  const window = asStrided(size, stride, offset ?? of.window.offset, of.storage.node.size);
  requireSource(op, src.value, window);
  if (mayOverlap(window)) {
    fail(
      op,
      "more than one element of the written-to window refers to a single memory location: size " +
        `[${size}], stride [${stride}]`,
    );
  }
  const value = to(src.value, of.dtype);
  if (coversStorage(of)) return of.fresh(composite(scatterSpec, [of.value, value], window));
  if (isRecording() && of.requiresGrad) {
    fail(op, "autograd on non-contiguous tensors is not supported. Use .contiguous() first");
  }
  return of.fresh(copySlices(of, value, window));
}
