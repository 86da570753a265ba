// AccumulateGrad: the end of the Tape at a leaf. It adds what arrives to the leaf's `.grad`.

import type { DType } from "../base/dtypes.ts";
import type { Shape } from "../base/shapes.ts";
import { Entry, type Gradient, type Value } from "../graph/tape.ts";

export interface Leaf {
  readonly shape: Shape;
  readonly dtype: DType;
  accumulate(g: Value): void;
}

export class AccumulateGrad extends Entry {
  /** Run, in order, once the leaf's gradient was added to. */
  readonly afterwards = new Set<() => void>();

  constructor(readonly leaf: Leaf) {
    super("AccumulateGrad", [], [{ shape: leaf.shape, dtype: leaf.dtype }]);
  }

  backward([g]: readonly Gradient[]): readonly Gradient[] {
    if (g) this.receive(g);
    return [];
  }

  receive(g: Value): void {
    this.leaf.accumulate(g);
    for (const hook of this.afterwards) hook();
  }

  override needs(): boolean {
    return false;
  }

  /** A leaf belongs to no one graph: it keeps nothing for backward, and can be reached again. */
  override release(): void {
    this.forgetVersions();
  }
}
