// Nonsense given to every public function and method: each call is refused in words of ours, at the call,
// with the name of what refuses; or it makes sense after all.

import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import * as shardgrad from "../../src/index.ts";
import * as linalg from "../../src/linalg.ts";
import * as masked from "../../src/masked.ts";
import * as nn from "../../src/nn.ts";
import * as signal from "../../src/signal.ts";
import { records } from "../../src/tensor/records/all.ts";

const { arange, configure, full, ones, Tensor } = shardgrad;

beforeAll(() => configure({ inline: "blocking" }));

const SEED = Number(process.env.SEED ?? 20_261);
const CALLS = 12;

const tensors = [
  () => ones([2, 3]),
  () => ones([]),
  () => ones([0]),
  () => full([2], Number.NaN),
  () => ones([3, 2]).T,
  () => ones([1, 2, 3, 4]),
  () => ones([2, 3], { dtype: "bool" }),
  () => ones([2, 3], { dtype: "uint8" }),
  () => arange(6).reshape(2, 3),
  () => ones([3, 3], { dtype: "float64", requiresGrad: true }),
];

const leaf = fc.oneof(
  { arbitrary: fc.constantFrom(...tensors).map((make) => make()), weight: 3 },
  fc.constantFrom<unknown>(...[undefined, null, true, 10n, Symbol.iterator, () => 1, new Date(0)]),
  fc.constantFrom(-7, -1, 0, 1, 2, 0.5, Number.NaN, Number.POSITIVE_INFINITY),
  fc.constantFrom("", "mean", "float32", "x"),
  fc.constantFrom<unknown>([], [1, 2], [-1, 0], [[1, 2], [3]], [null], new Float32Array(2)),
);
const argument = fc.oneof(
  { arbitrary: leaf, weight: 6 },
  fc.record({ dim: leaf }),
  fc.record({ dtype: leaf, keepdim: leaf }),
  fc.array(leaf, { maxLength: 3 }),
);

/** Who, then what: an error of ours that is not about ourselves. */
const isOurs = (error: unknown): boolean =>
  error instanceof Error &&
  error.constructor === Error &&
  /^[\w.]+: ./.test(error.message) &&
  !error.message.startsWith("internal");

type Callable = (...args: unknown[]) => unknown;

function refusesOrWorks(name: string, call: Callable): void {
  const given = fc.array(argument, { maxLength: 4 });
  const property = fc.property(given, (args) => {
    try {
      const result = call(...args);
      if (result instanceof Promise) result.catch(() => null);
    } catch (error) {
      if (!isOurs(error)) throw new Error(`${name}: refused by ${error}`, { cause: error });
    }
  });
  fc.assert(property, { seed: SEED, numRuns: CALLS });
}

/** What sets up the runtime, or a mode, has tests of its own. */
const apart = new Set(["configure", "setPrintOptions", "traceRuns", "manualSeed"]);

const { windows } = signal;
const modules = { shardgrad, functional: nn.functional, linalg, masked, windows };

describe.each(Object.entries(modules))(
  `nonsense given to %s (SEED=${SEED})`,
  (module, exported) => {
    const callables = Object.entries(exported).filter(
      ([name, value]) => typeof value === "function" && /^[a-z]/.test(name) && !apart.has(name),
    );
    test.each(callables)("%s", (name, value) => {
      refusesOrWorks(`${module}.${name}`, value as Callable);
      expect.assertions(0);
    });
  },
);

const methods = Object.keys(records).filter((name) => name in Tensor.prototype);

describe(`nonsense given to methods (SEED=${SEED})`, () => {
  test.each(methods)("%s", (name) => {
    const self = () => ones([2, 3]) as unknown as Record<string, Callable>;
    refusesOrWorks(name, (...args) => (self()[name] as Callable)(...args));
    expect.assertions(0);
  });
});
