// In what order several operands are multiplied, two at a time, for the fewest multiplications.

import type { Labels } from "./contraction.ts";

/** An operand, or the product of two. */
export type Tree = number | readonly [Tree, Tree];

interface Best {
  readonly tree: Tree;
  readonly cost: number;
  readonly labels: Labels;
}

export interface Terms {
  readonly operands: readonly Labels[];
  readonly out: Labels;
  readonly sizes: ReadonlyMap<number, number>;
}

/** All splits of n operands are 3ⁿ: 6561 at 8. */
const MOST_SEARCHED = 8;

const union = (a: Labels, b: Labels): number[] => [...new Set([...a, ...b])];

/** Labels of the product of two that something outside still wants. */
export const keptLabels = (a: Labels, b: Labels, wanted: Labels): number[] =>
  union(a, b).filter((label) => wanted.includes(label));

/** The best tree of every set of operands (as bits), from the smaller to the larger. */
export function contractionOrder({ operands, out, sizes }: Terms): Tree {
  const count = Math.min(operands.length, MOST_SEARCHED);
  const everything = (1 << count) - 1;
  const best = new Map<number, Best>();
  for (let set = 1; set <= everything; set++) {
    const outside = operands.flatMap((labels, at) => ((set >> at) & 1 && at < count ? [] : labels));
    const found = bestOf(set, { best, operands, sizes, wanted: [...out, ...outside] });
    best.set(set, found);
  }
  // What is beyond the search follows one by one.
  let { tree } = best.get(everything) as Best;
  for (let at = count; at < operands.length; at++) tree = [tree, at];
  return tree;
}

interface Search {
  readonly best: ReadonlyMap<number, Best>;
  readonly operands: readonly Labels[];
  readonly sizes: ReadonlyMap<number, number>;
  readonly wanted: Labels;
}

function bestOf(set: number, { best, operands, sizes, wanted }: Search): Best {
  const single = Math.log2(set);
  if (Number.isInteger(single)) return { tree: single, cost: 0, labels: operands[single] };
  let found: Best | null = null;
  // Each split once: the first half is the greater number.
  for (let half = (set - 1) & set; half > (set ^ half); half = (half - 1) & set) {
    const [x, y] = [best.get(set ^ half) as Best, best.get(half) as Best];
    const all = union(x.labels, y.labels);
    const products = all.reduce((total, label) => total * (sizes.get(label) ?? 1), 1);
    const cost = x.cost + y.cost + products;
    if (found && found.cost <= cost) continue;
    found = { tree: [x.tree, y.tree], cost, labels: keptLabels(x.labels, y.labels, wanted) };
  }
  return found as Best;
}
