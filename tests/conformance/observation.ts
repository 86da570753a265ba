// Compares a value that a program came to with what was observed in PyTorch.

import type { Adapter, Tensor } from "./adapter.ts";
import { agrees, describeMismatch, withDefaultTolerance } from "./compare.ts";
import { floatOf, isRecord, type StoredTensor, type Tree } from "./corpus.ts";
import { mismatched, shown } from "./outcome.ts";
import { itemsOf } from "./python.ts";

type Check = Generator<unknown, void, unknown>;
type Observed = { readonly [key: string]: Tree };

export function* checkObservation(adapter: Adapter, actual: unknown, observe: Tree): Check {
  const wanted = observe as Observed;
  if ("value" in wanted) checkValue(actual, wanted.value!);
  else if ("tensor" in wanted) yield* checkTensor(adapter, actual, wanted);
  else if ("node" in wanted) checkText((actual as { name?: unknown } | null)?.name, wanted.node!);
  else if ("size" in wanted) checkText(shown(actual), JSON.stringify(wanted.size));
  else if ("dtype" in wanted) checkText(actual, wanted.dtype!);
  else if ("device" in wanted) checkText(String(actual), wanted.device!);
  else if ("object" in wanted) checkText(Object(actual).constructor?.name, wanted.object!);
  else yield* checkItems(adapter, actual, wanted);
}

function* checkItems(adapter: Adapter, actual: unknown, wanted: Observed): Check {
  if ("dict" in wanted) {
    const entries = actual instanceof Map ? [...actual] : Object.entries(Object(actual));
    const pairs = wanted.dict as readonly (readonly [Tree, Tree])[];
    checkText(entries.length, pairs.length);
    for (const [i, [, value]] of pairs.entries()) {
      yield* checkObservation(adapter, entries[i]![1], value);
    }
    return;
  }
  const items = (wanted.tuple ?? wanted.list) as readonly Tree[];
  const found = itemsOf(adapter, actual);
  checkText(found.length, items.length);
  for (const [i, item] of items.entries()) yield* checkObservation(adapter, found[i], item);
}

function checkText(actual: unknown, expected: unknown): void {
  if (actual !== expected)
    throw mismatched("value", `${shown(actual)}, expected ${shown(expected)}`);
}

function checkValue(actual: unknown, expected: Tree): void {
  if (isRecord(expected) && "float" in expected) {
    const want = floatOf(expected.float!);
    if (agrees(Number(actual), want, { atol: 0, rtol: 1.3e-6 })) return;
    throw mismatched("value", `${shown(actual)}, expected ${want}`);
  }
  if (isRecord(expected) && "int" in expected) checkText(String(actual), expected.int);
  else if (typeof expected === "number") checkText(Number(actual), expected);
  // A method that returns nothing gives undefined where Python gives None.
  else checkText(actual ?? null, expected);
}

/** The flags at once, the elements as they are now: later steps may change the tensor in place. */
function* checkTensor(adapter: Adapter, actual: unknown, wanted: Observed): Check {
  if (!adapter.isTensor(actual)) {
    throw mismatched("value", `no tensor, but ${shown(actual)}`);
  }
  checkFlags(actual, wanted);
  const want = withDefaultTolerance(wanted.tensor as unknown as StoredTensor);
  const { shape, dtype } = actual;
  yield actual.data().then((values) => {
    const mismatch = describeMismatch({ shape, dtype, values }, want);
    if (mismatch) throw mismatched("value", mismatch.reason);
  });
}

function checkFlags(actual: Tensor, wanted: Observed): void {
  const flags = {
    requires_grad: actual.requiresGrad,
    is_leaf: actual.isLeaf,
    grad_fn: actual.gradFn?.name ?? null,
    parameter: "isParameter" in actual,
  };
  for (const [name, value] of Object.entries(flags)) {
    if (name in wanted && wanted[name] !== value) {
      throw mismatched("value", `${name} ${value}, expected ${wanted[name]}`);
    }
  }
}
