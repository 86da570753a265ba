// What a mask chooses: the workers count block by block, the counts are read, and from then on every
// shape is known. Results are lazy again; what is written to the mask meanwhile does not matter.

import { broadcastShapes, type Shape } from "../base/shapes.ts";
import { full } from "../functions/creation.ts";
import { stack } from "../functions/joins.ts";
import {
  type Chosen,
  chosenCounts,
  chosenPositions,
  nonzeroMask,
  requireMask,
  selected,
} from "../functions/selection.ts";
import { expand, reshape } from "../functions/shapes.ts";
import { constantValue, isRecording, type Value, withRecording } from "../graph/tape.ts";
import { read, upload } from "../realize.ts";
import { inputVersions } from "./dispatch.ts";
import type { Handle } from "./handle.ts";

/** Counts what a mask chooses. */
export async function choose(mask: Value): Promise<Chosen> {
  const { size } = mask.node;
  const flat = reshape({ node: mask.node, edge: null }, [size]);
  const counts = size === 0 ? [] : await read(chosenCounts(flat).node);
  const starts = new Int32Array(counts.length + 1);
  for (let block = 0; block < counts.length; block++) {
    starts[block + 1] = (starts[block] as number) + (counts[block] as number);
  }
  const count = starts[counts.length] as number;
  const found = constantValue(upload("int32", [starts.length], starts));
  return { mask: flat, starts: found, count };
}

/** Runs `record` once the mask is counted, in the mode that the call was made in. */
export async function whenChosen<T>(mask: Value, record: (chosen: Chosen) => T): Promise<T> {
  const isOn = isRecording();
  const found = await choose(mask);
  return withRecording(isOn, () => record(found));
}

/** The elements where the mask holds; both are broadcast. */
export function maskedSelect<T extends Handle>(x: T, mask: T): Promise<T> {
  requireMask("maskedSelect", mask.value);
  const shape = broadcastShapes("maskedSelect", x.shape, mask.shape);
  const { value } = x;
  const saved = inputVersions([x, mask]);
  return whenChosen(expand(mask.value, shape), (chosen) => {
    const result = selected(value, chosen, shape);
    if (result.edge) result.edge.entry.saved = saved;
    return x.fresh(result);
  });
}

/** Along each dimension the positions of the elements that are not 0. */
export function nonzeroColumns<T extends Handle>(x: T): Promise<T[]> {
  const shape: Shape = x.shape.length === 0 ? [1] : x.shape;
  return whenChosen(nonzeroMask(x.value), (chosen) =>
    chosenPositions(chosen, shape).map((column) => x.fresh(column)),
  );
}

/** Positions of the elements that are not 0, one row each. */
export function nonzero<T extends Handle>(x: T): Promise<T> {
  const { shape } = x;
  return whenChosen(nonzeroMask(x.value), (chosen) => {
    if (shape.length === 0) return x.fresh(full([chosen.count, 0], 0, "int64"));
    return x.fresh(stack(chosenPositions(chosen, shape), 1));
  });
}
