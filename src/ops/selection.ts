// Choice by a mask: the chosen elements one after another. Where each block's chosen ones start is known
// before (`starts`, one more than blocks), so that blocks are written side by side by all workers.

import { compactNode } from "../graph/build.ts";
import type { Value } from "../graph/tape.ts";
import { scatter } from "./indexing.ts";
import { apply, type Primitive } from "./primitive.ts";
import { iota, zerosLike } from "./source.ts";

/** Elements of the mask whose chosen ones are written by one unit of work. */
export const chosenBlock = 16384;

/**
 * Inputs (x, mask, starts), all flat: the elements of x where the mask holds, `count` of them. It is no
 * composite, for no kernel of the others writes where its data says in order and side by side: a gather
 * would first need the positions, and they are what this gives.
 */
export const compactPrimitive: Primitive<number> = {
  name: "compact",
  build: ([x, mask, starts], count) => compactNode({ x, mask, starts, count, block: chosenBlock }),
  vjp: (g, [x, mask, starts], _, count) => {
    const positions = compact(iota(x.node.size), mask, starts, count);
    return [scatter(zerosLike(x), 0, positions, g), null, null];
  },
};

export const compact = (x: Value, mask: Value, starts: Value, count: number): Value =>
  apply(compactPrimitive, [x, mask, starts], count);
