// Structure: what a node says of the code of a program (kind, name, dtype, shape, attributes). Nodes that
// are alike in it share one object, numbered once for the life of the page.
//
//   dtype ─ sizes… ─▶ Looks ─ body, name | kind, attributes… ─▶ Structure

import type { DType } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import type { LaneBody } from "../base/lanes.ts";
import type { Reducer } from "../base/reducers.ts";
import type { Scanner } from "../base/scanners.ts";
import { contiguousStrides, type Shape, showShape, sizeOf } from "../base/shapes.ts";
import { Trie } from "../base/trie.ts";
import type { View } from "../base/views.ts";

/** What the compiler must know of a node, by kind. Nothing here names an op. */
export interface Attributes {
  /** A number known when recording; a parameter of the program unless `structural`. */
  scalar: { readonly structural: boolean };
  /** Realized memory, row-major. */
  memory: null;
  /** 0, 1, 2 … along a flat axis, as int32. */
  iota: null;
  /** Inputs are of the node's shape, or scalar nodes. */
  pointwise: { readonly body: LaneBody };
  /** Window on the one input, taken flat; it starts at the node's parameter. */
  view: { readonly strides: readonly number[] };
  /** Inputs (base, value): the base with the window's elements replaced by the value's. */
  place: {
    readonly window: Shape;
    readonly strides: readonly number[];
    readonly offset: number;
  };
  /** Shape is the input's without `axes`. */
  reduce: { readonly axes: readonly number[]; readonly reducer: Reducer };
  /**
   * Inputs (a, b), each with its axes in three parts, batch, rows, depth, of which batch and depth are the
   * same in both: out[n, i, j] = Σ_k a[n, i, k]·b[n, j, k]. Of so many axes are batch and depth.
   */
  contract: { readonly batch: number; readonly depth: number };
  /** Inputs are of the node's shape; each element is its prefix along `axis`, from its end if `reverse`. */
  scan: { readonly axis: number; readonly reverse: boolean; readonly scanner: Scanner };
  /** Inputs (x, index): out[i] = x[i with i[axis] = index[i]]. May fault on data. */
  gather: { readonly axis: number };
  /** Inputs (base, index, value): base[i with i[axis] = index[i]] combined with value[i], in order. */
  scatter: { readonly axis: number; readonly combine: LaneBody };
  /**
   * Inputs (x, mask, starts), flat: the elements of x where the mask holds. `starts` says of each block
   * of so many elements where its chosen ones begin, and at the end where those of the last end.
   */
  compact: { readonly block: number };
  /** Input of int32 keys: their positions along the last axis in ascending order, stably. */
  sort: null;
}

export type Kind = keyof Attributes;

/** Kernels count elements in 32 bits; only views, which nothing walks as such, may have more. */
const mostElements = 2 ** 31 - 1;

export function requireCountable(op: string, { dtype, shape, size }: Looks): void {
  if (size <= mostElements) return;
  fail(
    op,
    `a tensor has at most ${mostElements} elements, got ${showShape(shape)} ${dtype} of ${size}. ` +
      "Go through it in parts: narrow, split or chunk what it is made of",
  );
}

let structureCount = 0;

export class Structure<K extends Kind = Kind> {
  readonly number = structureCount++;

  constructor(
    readonly kind: K,
    /** Name of the op, for labels and errors only. */
    readonly name: string,
    readonly looks: Looks,
    readonly attributes: Attributes[K],
  ) {
    if (kind !== "view" && kind !== "memory") requireCountable(name, looks);
  }
}

/** A dtype and a shape: one object, with one shape, for all nodes that have them. */
export class Looks {
  readonly size: number;
  /** The window on all elements, row-major. */
  readonly whole: View;
  /** As the looks of the one output of an entry of the Tape. */
  readonly alone: readonly Looks[] = [this];
  /** Structures of these looks, by what else tells them apart. */
  readonly structures = new Trie<Structure>();
  /** Of a node's memory, whatever computed it. */
  readonly memory = new Structure("memory", "memory", this, null);

  constructor(
    readonly dtype: DType,
    readonly shape: Shape,
  ) {
    this.size = sizeOf(shape);
    this.whole = { shape, strides: contiguousStrides(shape), offset: 0 };
  }
}

const known = new Trie<Looks>();

export function looksOf(dtype: DType, shape: Shape): Looks {
  const end = known.at(dtype).along(shape);
  // Tensors show this shape, and all that look alike share it.
  end.value ??= new Looks(dtype, Object.freeze([...shape]));
  return end.value;
}
