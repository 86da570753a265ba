// The reverse walk and composites, on values: what flows, what is one entry, what is an error.

import { describe, expect, test } from "vitest";
import { type Composite, composite, compositeOfMany } from "../../src/autograd/composite.ts";
import { reverse, type Visitor } from "../../src/autograd/reverse.ts";
import { add, mul, pow, sub } from "../../src/functions/arithmetic.ts";
import { clone, to } from "../../src/functions/casts.ts";
import { maxAlong } from "../../src/functions/extrema.ts";
import { mean, sum } from "../../src/functions/reductions.ts";
import { expand, select } from "../../src/functions/shapes.ts";
import { exp } from "../../src/functions/transcendental.ts";
import { type Edge, type Entry, type Value, withRecording } from "../../src/graph/tape.ts";
import * as ops from "../../src/ops/arithmetic.ts";
import { full } from "../../src/ops/source.ts";
import { evaluate, gradients, leaf } from "../leaves.ts";

const x2 = (): Value => leaf("float64", [2], [2, 3]);
const entryOf = (value: Value): Entry => (value.edge as Edge).entry;
const detached = (value: Value): Value => ({ node: value.node, edge: null });
const numbers = (list: readonly (Value | null)[]) => list.map((g) => g && evaluate(g));

function namesBehind(value: Value): string[] {
  const names: string[] = [];
  const visit = (edge: Edge | null): void => {
    if (!edge) return;
    names.push(edge.entry.name);
    edge.entry.next.forEach(visit);
  };
  visit(value.edge);
  return names;
}

describe("composites", () => {
  test("a composite is one entry under PyTorch's name", () => {
    const x = leaf("float32", [2, 3], [1, 2, 3, 4, 5, 6]);
    expect(namesBehind(mean(x))).toEqual(["MeanBackward0", "AccumulateGrad"]);
    expect(namesBehind(mean(x, 1))).toEqual(["MeanBackward1", "AccumulateGrad"]);
    const row = leaf("float32", [3], [1, 2, 3]);
    expect(namesBehind(mul(x, row))).toEqual(["MulBackward0", "AccumulateGrad", "AccumulateGrad"]);
  });

  test("one node given twice is told apart by edges", () => {
    const x = x2();
    expect(numbers(gradients(sum(mul(x, detached(x))), [x]))).toEqual([[2, 3]]);
    expect(numbers(gradients(sum(mul(x, x)), [x]))).toEqual([[4, 6]]);
    const spread: Composite<null> = {
      name: "Spread",
      body: ([a, b]) => ops.mul(expand(a, [2, 2]), expand(b, [2, 2])),
    };
    expect(numbers(gradients(sum(composite(spread, [x, detached(x)], null)), [x]))).toEqual([
      [4, 6],
    ]);
  });

  test("a body may return an input, or a value without a path", () => {
    const x = x2();
    const y = clone(x);
    expect(namesBehind(y)).toEqual(["CloneBackward0", "AccumulateGrad"]);
    expect(numbers(gradients(sum(mul(y, 3)), [x]))).toEqual([[3, 3]]);
    const blind: Composite<null> = {
      name: "Blind",
      body: ([a]) => full("float64", a.node.shape, 1),
    };
    expect(composite(blind, [x], null).edge).toBeNull();
  });

  test("without a gradient wanted no entry is made", () => {
    const x = x2();
    expect(mean(detached(x)).edge).toBeNull();
    expect(withRecording(false, () => mean(x)).edge).toBeNull();
  });

  test("second and third derivatives go through composites", () => {
    const x = leaf("float64", [3], [1, 2, 3]);
    // mean(x³)·mean(x): d/dx = x²·m + M/3, …
    const y = mul(mean(pow(x, 3)), mean(x));
    const [first] = gradients(y, [x], { createGraph: true });
    const [second] = gradients(sum(first as Value), [x], { createGraph: true });
    const [third] = gradients(sum(second as Value), [x]);
    // In a = x + s: with s₁ = Σx = 6, s₂ = 14, s₃ = 36: y = s₃·s₁/9
    expect(evaluate(first as Value)).toEqual(
      [1, 2, 3].map((a) => expect.closeTo((3 * a * a * 6 + 36) / 9, 9)),
    );
    expect(evaluate(second as Value)).toEqual(
      [1, 2, 3].map((a) => expect.closeTo((6 * a * 6 + 3 * a * a * 3 + 3 * 14) / 9, 9)),
    );
    expect(evaluate(third as Value)).toEqual([12, 16, 20].map((n) => expect.closeTo(n, 9)));
  });

  test("a composite of several results takes gradients of each", () => {
    const split = {
      name: "SplitBackward0",
      body: ([x]: readonly Value[]) => [select(x, 0, 0), select(x, 0, 1)],
    };
    const x = leaf("float64", [2, 2], [1, 2, 3, 4]);
    const [a, b] = compositeOfMany(split, [x], null);
    expect(entryOf(a)).toBe(entryOf(b));
    expect(numbers(gradients(sum(b), [x], { retainGraph: true }))).toEqual([[0, 0, 1, 1]]);
    expect(numbers(gradients(sum(add(mul(a, 2), b)), [x]))).toEqual([[2, 2, 1, 1]]);
  });

  test("max along an axis gives its gradient to the first of equals; indices have none", () => {
    const x = leaf("float64", [2, 3], [1, 5, 5, 7, 2, 7]);
    const { values, indices } = maxAlong(x, 1);
    expect(evaluate(indices)).toEqual([1, 0]);
    expect(indices.edge).toBeNull();
    expect(numbers(gradients(sum(values), [x]))).toEqual([[0, 1, 0, 1, 0, 0]]);
  });

  test("its line inside belongs to the derivative's graph once that is on the Tape", () => {
    const x = x2();
    const row = leaf("float64", [2, 2], [1, 2, 3, 4]);
    const y = sum(mul(exp(row), x));
    const [g] = gradients(y, [x], { createGraph: true });
    gradients(sum(g as Value), [row]);
    expect(numbers(gradients(y, [x]))[0]).toEqual(
      [Math.exp(1) + Math.exp(3), Math.exp(2) + Math.exp(4)].map((n) => expect.closeTo(n, 9)),
    );
  });
});

describe("the reverse walk", () => {
  test("an entry waits for all of its consumers", () => {
    const x = x2();
    const y = mul(x, 2);
    const z = add(mul(y, y), add(y, exp(y)));
    let visits = 0;
    const visitor: Visitor = {
      before: (entry, gradients) => {
        if (entry === entryOf(y)) visits++;
        return gradients;
      },
    };
    const roots = [{ edge: z.edge as Edge, gradient: full("float64", [2], 1) }];
    const [g] = reverse({
      roots,
      targets: [x.edge as Edge],
      retainGraph: false,
      createGraph: false,
      visitor,
    });
    expect(visits).toBe(1);
    expect(evaluate(g as Value)).toEqual(
      [4, 6].map((n) => expect.closeTo(2 * (2 * n + 1 + Math.exp(n)), 9)),
    );
  });

  test("only entries on a path to a target run", () => {
    const [x, other] = [x2(), x2()];
    const y = add(exp(x), pow(exp(other), 2));
    const ran: string[] = [];
    const visitor: Visitor = {
      after: (entry, inputs) => {
        ran.push(entry.name);
        return inputs;
      },
    };
    const roots = [{ edge: y.edge as Edge, gradient: full("float64", [2], 1) }];
    reverse({ roots, targets: [x.edge as Edge], retainGraph: true, createGraph: false, visitor });
    expect(ran).toEqual(["AddBackward0", "ExpBackward0"]);
  });

  test("a target in the middle is captured, also when it leads to another", () => {
    const x = x2();
    const y = mul(x, x);
    const z = mul(y, 5);
    expect(numbers(gradients(z, [y, x], { retainGraph: true }))).toEqual([
      [5, 5],
      [20, 30],
    ]);
    expect(numbers(gradients(z, [y]))).toEqual([[5, 5]]);
    expect(numbers(gradients(x, [x]))).toEqual([[1, 1]]);
    expect(gradients(z, [x2()])).toEqual([null]);
  });

  test("a second walk through released entries is PyTorch's error", () => {
    const y = exp(x2());
    gradients(y, [], {});
    const x = x2();
    const z = exp(x);
    gradients(z, [x]);
    expect(() => gradients(z, [x])).toThrow(
      /backward through the graph a second time.*retainGraph: true/s,
    );
    const kept = exp(x);
    gradients(kept, [x], { retainGraph: true });
    expect(() => gradients(kept, [x])).not.toThrow();
  });

  test("entries that read no value can be walked again", () => {
    const x = leaf("float64", [2, 2], [1, 2, 3, 4]);
    const row = x2();
    for (const y of [sum(add(x, row)), sum(sub(x, 1)), mean(x, 1), expand(row, [3, 2])]) {
      const once = numbers(gradients(y, [x, row]));
      expect(numbers(gradients(y, [x, row]))).toEqual(once);
    }
    expect(() => [1, 2].map(() => gradients(mul(x, row), [x]))).not.toThrow();
    const product = mul(x, row);
    gradients(product, [x]);
    expect(() => gradients(product, [x])).toThrow(/second time/);
  });

  test("without createGraph gradients have no edges", () => {
    const x = x2();
    const [plain] = gradients(exp(x), [x]);
    const [recorded] = gradients(exp(x), [x], { createGraph: true });
    expect(plain?.edge).toBeNull();
    expect(recorded?.edge).not.toBeNull();
  });

  test("ten thousand entries in a row are walked without recursion", () => {
    const x = x2();
    let y = x;
    for (let step = 0; step < 10_000; step++) y = add(y, x);
    expect(numbers(gradients(y, [x]))).toEqual([[10_001, 10_001]]);
  });

  test("an inner cast sends the gradient back in the input's dtype", () => {
    const x = leaf("float32", [2], [2, 3]);
    const [g] = gradients(sum(mul(to(x, "float64"), x2())), [x]);
    expect(g?.node.dtype).toBe("float32");
    expect(evaluate(g as Value)).toEqual([2, 3]);
  });
});

describe("versions", () => {
  const changed = (value: Value, input: number) => {
    const storage = { version: 0 };
    entryOf(value).saved = [{ of: storage, version: 0, input }];
    storage.version = 1;
    return value;
  };

  test("a value that the derivative reads must not have changed", () => {
    const x = x2();
    const y = exp(x);
    expect(() => gradients(changed(mul(y, y), 0), [x])).toThrow(
      /modified by an inplace operation: \[torch.DoubleTensor \[2\]\], which is output 0 of ExpBackward0, is at version 1; expected version 0 instead.*MulBackward0/,
    );
    expect(() => gradients(changed(exp(x), -1), [x])).toThrow(/output 0 of ExpBackward0/);
    expect(() => gradients(changed(mul(x, x), 0), [x])).toThrow(
      /DoubleTensor \[2\]\] is at version 1/,
    );
  });

  test("what it does not read may change", () => {
    const x = x2();
    const other = leaf("float64", [2, 2], [1, 2, 3, 4]);
    expect(() => gradients(changed(exp(x), 0), [x])).not.toThrow();
    expect(() => gradients(changed(add(x, x), 0), [x])).not.toThrow();
    expect(() => gradients(changed(mul(x, detached(other)), 0), [x])).not.toThrow();
    expect(() => gradients(changed(mul(x, detached(other)), 1), [x])).toThrow(/version 1/);
    expect(() => gradients(changed(mul(x, 3), 0), [x])).not.toThrow();
    expect(() => gradients(changed(mean(x), 0), [x])).not.toThrow();
    expect(() => gradients(changed(pow(x, 2), 0), [x])).toThrow(/version 1/);
  });
});
