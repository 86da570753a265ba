// Sorting: positions in order. Values follow by a gather, and so do gradients.

import { dtypes } from "../base/dtypes.ts";
import type { LaneBody, LaneType } from "../base/lanes.ts";
import { type Lane, type LaneWriter, traceLanes } from "../base/trace-lanes.ts";
import { gatherNode, pointwiseNode, sortNode } from "../graph/build.ts";
import type { Node } from "../graph/node.ts";
import type { Value } from "../graph/tape.ts";
import { permutePrimitive } from "./linear.ts";
import { apply, type Primitive } from "./primitive.ts";
import { countable } from "./reduce.ts";

export interface SortAttrs {
  readonly axis: number;
  readonly descending: boolean;
}

/** An int32 of each element, in the order of the elements: -0 equals 0, NaN is above all. */
type Key = (k: LaneWriter, x: Lane) => Lane;

/** Bits of floats below 0 are in the order of their sizes: all but the sign turn. */
const key32: Key = (k, x) => {
  if (x.type !== "f32") return countable(k, x);
  const bits = k.bitcast(k.add(x, 0));
  const ordered = k.xor(bits, k.and(k.shrS(bits, 31), 0x7fffffff));
  return k.select(k.ne(x, x), 0x7fffffff, ordered);
};

/** As key32, 64 bits of which the top one is turned: as whole numbers without a sign. */
function key64(k: LaneWriter, x: Lane): Lane {
  const bits = k.bitcast(k.add(x, 0));
  const ordered = k.xor(bits, k.and(k.shrS(bits, 63), 0x7fffffffffffffffn));
  const known = k.select(k.ne(x, x), k.const("i64", 0x7fffffffffffffffn), ordered);
  return k.xor(known, -0x8000000000000000n);
}

/** Whole numbers n below 2³²: 2⁵² + n has n in its low bits. Less 2³¹ they are int32. */
const halfOf = (k: LaneWriter, low: Lane): Lane =>
  k.convert(k.sub(k.bitcast(k.or(low, 0x4330000000000000n)), 2 ** 52 + 2 ** 31), "i32");

const upper: Key = (k, x) => halfOf(k, k.shrU(key64(k, x), 32));
const lower: Key = (k, x) => halfOf(k, k.and(key64(k, x), 0xffffffffn));

/** Keys by which elements are sorted one after the other, the least first. */
const keysOf = (lane: LaneType): readonly Key[] => (lane === "f64" ? [lower, upper] : [key32]);

const bodies = new Map<string, readonly LaneBody[]>();

function keyBodies(lane: LaneType, descending: boolean): readonly LaneBody[] {
  const name = `${lane} ${descending}`;
  let known = bodies.get(name);
  if (!known) {
    known = keysOf(lane).map((key) =>
      traceLanes([lane], (k, x) => (descending ? k.not(key(k, x)) : key(k, x))),
    );
    bodies.set(name, known);
  }
  return known;
}

/** Stable sorts along the last axis, one after the other: the last key decides first. */
function sortedBy(keys: readonly Node[]): Node {
  const [first, ...others] = keys as [Node, ...Node[]];
  const last = first.shape.length - 1;
  return others.reduce(
    (order, key) => gatherNode(order, last, sortNode(gatherNode(key, last, order), order.dtype)),
    sortNode(first, "int64"),
  );
}

/** The axes with one at the end, and the way back. */
function lastOf(axis: number, rank: number): { there: number[]; back: number[] } {
  const others = Array.from({ length: rank }, (_, at) => at).filter((at) => at !== axis);
  const there = [...others, axis];
  return { there, back: there.map((_, at) => there.indexOf(at)) };
}

/**
 * The positions of the elements along an axis in their order, those of equals as they are. It is no
 * composite: a network of comparisons, which could be one, takes n·log² n of them where digits of keys
 * and merging take n and n·log n steps, and goes through the whole of memory each time.
 */
export const argsortPrimitive: Primitive<SortAttrs> = {
  name: "argsort",
  build: ([x], { axis, descending }) => {
    const { there, back } = lastOf(axis, x.shape.length);
    const rows = permutePrimitive.build([x], there);
    const keys = keyBodies(dtypes[x.dtype].lane, descending).map((body) =>
      pointwiseNode({ name: "sortKey", dtype: "int32", inputs: [rows], body }),
    );
    return permutePrimitive.build([sortedBy(keys)], back);
  },
  vjp: "none",
};

/** x has an axis at least. */
export const argsort = (x: Value, axis: number, descending = false): Value =>
  apply(argsortPrimitive, [x], { axis, descending });
