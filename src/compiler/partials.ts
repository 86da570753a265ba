// Partial buffers: where the states of a fold that is cut into chunks lie between two launches, one
// buffer a state, chunk after chunk; in a chunk the kept elements row-major, rows of whole vectors.

import type { DType } from "../base/dtypes.ts";
import type { LaneType } from "../base/lanes.ts";
import { partialDType } from "./emit/register.ts";
import type { Axis, Partials, Stream } from "./kernel.ts";

/** The buffers of all states, and how the kept elements lie in each. */
export interface StateBuffers {
  readonly temps: readonly (readonly { readonly index: number; readonly dtype: DType }[])[];
  readonly strides: readonly number[];
  readonly elements: number;
}

/** `states`: for each fold the lane types of its state. */
export function stateBuffers(
  axes: readonly Axis[],
  states: readonly (readonly { readonly type: LaneType }[])[],
  nextTemp: () => number,
): StateBuffers {
  const temps = states.map((state) =>
    state.map(({ type }) => ({ index: nextTemp(), dtype: partialDType[type] })),
  );
  return { temps, ...partialLayout(axes.filter(({ isReduced }) => !isReduced)) };
}

/** The streams with those of the states behind them, walked along `axes`. */
export function withStates(
  { temps, strides, elements }: StateBuffers,
  streams: readonly Stream[],
  axes: readonly Axis[],
): { streams: readonly Stream[]; partials: Partials } {
  const made: Stream[] = [];
  const ids = temps.map((states) =>
    states.map(({ index, dtype }) => {
      const buffer = { kind: "temp", index } as const;
      made.push({ buffer, dtype, strides: spreadKept(axes, strides), offset: 0, steps: null });
      return streams.length + made.length - 1;
    }),
  );
  return { streams: [...streams, ...made], partials: { streams: ids, chunkStride: elements } };
}

/** A walk of all axes as one of the kept axes. */
export const onKept = <Walk extends { readonly strides: readonly number[] }>(
  walk: Walk,
  axes: readonly Axis[],
): Walk => ({ ...walk, strides: walk.strides.filter((_, axis) => !axes[axis]?.isReduced) });

/** Rows of the last kept axis are padded to whole vectors: a tail's store touches no neighbour. */
function partialLayout(kept: readonly Axis[]): { strides: number[]; elements: number } {
  const padded = Math.ceil((kept.at(-1)?.size ?? 1) / 4) * 4;
  const strides: number[] = [];
  let stride = padded;
  kept.forEach((_, at) => {
    const axis = kept.length - 1 - at;
    strides[axis] = at === 0 ? 1 : stride;
    if (at > 0) stride *= kept[axis]?.size ?? 1;
  });
  return { strides, elements: stride };
}

/** Strides of kept axes set among all axes; reduced ones stand still. */
function spreadKept(axes: readonly Axis[], strides: readonly number[]): number[] {
  let next = 0;
  return axes.map(({ isReduced }) => (isReduced ? 0 : (strides[next++] as number)));
}
