// Views through any window on a storage.

import { asStrided } from "../functions/geometry.ts";
import { isRecording } from "../graph/tape.ts";
import type { Handle } from "./handle.ts";
import { storageView } from "./history.ts";

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
