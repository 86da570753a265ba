// The binder: what a call means, and what it says when the call means nothing.

import { describe, expect, expectTypeOf, test } from "vitest";
import { nearest } from "../../src/base/binding-errors.ts";
import {
  bool,
  camelCase,
  choice,
  dtype,
  int,
  ints,
  only,
  operand,
  type Param,
  scalar,
  sizes,
  tensor,
  tensorBrand,
} from "../../src/base/parameters.ts";
import { float } from "../../src/base/scalars.ts";
import { bind, declare } from "../../src/base/signature.ts";
import type * as sg from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";

class Looks {
  readonly [tensorBrand] = true;

  constructor(
    readonly shape: readonly number[],
    readonly dtype: string,
  ) {}
}

const x = new Looks([2], "float32");
const y = new Looks([3], "int64");

const form = (...params: Param[]) => ({ params: declare(params) });
const sum = [
  form(tensor("input"), ints("dim", null), bool("keepdim", false), only(dtype("dtype", null))),
];
const max = [
  form(tensor("input")),
  form(tensor("input"), int("dim"), bool("keepdim", false)),
  form(tensor("input"), tensor("other")),
];
const view = [form(tensor("input"), sizes("size")), form(tensor("input"), dtype("dtype"))];

const method = (forms: readonly { params: readonly Param[] }[], ...args: unknown[]) =>
  bind("f", forms, x, args).values;

describe("binding", () => {
  test("arguments bind by position, with defaults after them", () => {
    expect(method(sum)).toEqual([x, null, false, null]);
    expect(method(sum, 0)).toEqual([x, 0, false, null]);
    expect(method(sum, [0, 1], true)).toEqual([x, [0, 1], true, null]);
  });

  test("a last plain object binds by name, after any prefix by position", () => {
    expect(method(sum, { keepdim: true })).toEqual([x, null, true, null]);
    expect(method(sum, 1, { keepdim: true, dtype: "float64" })).toEqual([x, 1, true, "float64"]);
    expect(bind("f", sum, undefined, [{ input: x, dim: 1 }]).values).toEqual([x, 1, false, null]);
  });

  test("undefined is absent, null is None", () => {
    expect(method(sum, undefined, true)).toEqual([x, null, true, null]);
    expect(method(sum, null, undefined, undefined)).toEqual([x, null, false, null]);
    expect(method(sum, { dim: undefined })).toEqual([x, null, false, null]);
    expect(() => method(sum, 0, null)).toThrow("keepdim must be true or false, got null");
  });

  test("names in snake_case are those in camelCase", () => {
    const forms = [form(tensor("input"), int("startDim", 0))];
    expect(method(forms, { start_dim: 1 })).toEqual([x, 1]);
    expect(camelCase("index_add_")).toBe("indexAdd_");
    expect(camelCase("_random_samples")).toBe("_randomSamples");
  });

  test("sizes come one by one or as a list", () => {
    expect(method(view, 2, 3)).toEqual([x, [2, 3]]);
    expect(method(view, [2, 3])).toEqual([x, [2, 3]]);
    expect(method(view, "float64")).toEqual([x, "float64"]);
    const ones = [form(sizes("size"), only(bool("requiresGrad", false)))];
    expect(bind("ones", ones, undefined, [[]]).values).toEqual([[], false]);
    expect(() => bind("ones", ones, undefined, [])).toThrow("size is missing");
    expect(method(view)).toEqual([x, []]);
    expect(bind("ones", ones, undefined, [2, { requiresGrad: true }]).values).toEqual([[2], true]);
  });

  test("the first overload that fits is taken", () => {
    const chosen = (...args: unknown[]) => max.indexOf(bind("max", max, x, args).form as never);
    expect(chosen()).toBe(0);
    expect(chosen(1)).toBe(1);
    expect(chosen(1, true)).toBe(1);
    expect(chosen(y)).toBe(2);
    expect(chosen({ dim: 1 })).toBe(1);
  });

  test("a branded float is a number that is no integer", () => {
    expect(method([form(tensor("input"), operand("other"))], float(2))[1]).toEqual(float(2));
    expect(() => method(sum, float(2))).toThrow("got float(2)");
  });

  test("device, layout and memoryFormat are taken and ignored", () => {
    expect(method(sum, { device: "cuda", memory_format: 1 })).toEqual([x, null, false, null]);
  });
});

describe("what does not bind", () => {
  test.each([
    [["a"], 'f: dim must be an integer or a list of integers or null, got "a"'],
    [[1.5], "got 1.5"],
    [[[0, 0.5]], "got [0, 0.5]"],
    [[0, 1], "keepdim must be true or false, got 1"],
    [[y], "got a tensor of [3] int64"],
    [[0, true, "float64"], "takes 2 arguments by position, got 3"],
    [[{ keepDim: true }], "keepDim: did you mean keepdim?"],
    [[{ keepdims: true }], "keepdims: did you mean keepdim?"],
    [[{ foo: 1 }], "foo: no such option"],
    [[0, { dim: 1 }], "dim is given twice"],
    [[{ dtype: "float8" }], 'dtype must be a dtype or null, got "float8"'],
  ])("%j", (args, message) => {
    expect(() => method(sum, ...args)).toThrow(message);
  });

  test("the message shows the signature", () => {
    expect(() => method(sum, "a")).toThrow(
      "it is f(dim = null, keepdim = false, { dtype = null })",
    );
  });

  test("with overloads, every form says what keeps it from fitting", () => {
    expect(() => bind("max", max, x, ["a"])).toThrow(
      'max(dim, keepdim = false): dim must be an integer, got "a"',
    );
    expect(() => bind("max", max, x, ["a"])).toThrow('max(other): other must be a tensor, got "a"');
  });

  test("a choice names its choices", () => {
    const forms = [form(tensor("input"), only(choice("approximate", ["none", "tanh"])))];
    expect(method(forms)).toEqual([x, "none"]);
    expect(() => method(forms, { approximate: "foo" })).toThrow('one of "none", "tanh", got "foo"');
  });

  test("what is missing is named", () => {
    const forms = [form(tensor("input"), scalar("value"))];
    expect(() => method(forms)).toThrow("value is missing (a number or a boolean)");
  });

  test("a name that is near none has no hint", () => {
    expect(nearest("foo", ["dim", "keepdim"])).toBeUndefined();
    expect(nearest("demension", ["dim", "dimension"])).toBe("dimension");
  });
});

test("declarations out of order are our own mistake", () => {
  expect(() => form(int("dim", 0), tensor("other"))).toThrow("internal: other is required");
});

test("binding by position takes well under a microsecond", () => {
  const args = [0, true];
  const rounds = 200_000;
  let best = Infinity;
  for (let repeat = 0; repeat < 5; repeat++) {
    const start = performance.now();
    for (let i = 0; i < rounds; i++) bind("sum", sum, x, args);
    best = Math.min(best, ((performance.now() - start) * 1000) / rounds);
  }
  // The budget is 0.3 µs; the bound leaves room for machines that are busy with something else.
  expect(best).toBeLessThan(1.5);
});

// Checked by the compiler; nothing of it runs.
test("types of methods and functions derive from the records", () => {
  const typed = (x: Tensor, api: typeof sg): void => {
    expectTypeOf(x.sum(0, true, { dtype: "float64" })).toEqualTypeOf<Tensor>();
    expectTypeOf(x.sum({ dim: [0, 1], keepdim: true })).toEqualTypeOf<Tensor>();
    expectTypeOf(x.view(2, 3)).toEqualTypeOf<Tensor>();
    expectTypeOf(x.view([2, 3])).toEqualTypeOf<Tensor>();
    expectTypeOf(x.max(0).values).toEqualTypeOf<Tensor>();
    expectTypeOf(x.max()).toEqualTypeOf<Tensor>();
    expectTypeOf(x.add_(1, { alpha: 2 })).toEqualTypeOf<Tensor>();
    expectTypeOf(x.unbind()).toEqualTypeOf<Tensor[]>();
    expectTypeOf(api.ones(2, 3, { requiresGrad: true })).toEqualTypeOf<Tensor>();
    expectTypeOf(api.ones([2, 3], { dtype: "int64" })).toEqualTypeOf<Tensor>();
    expectTypeOf(api.cat([x, x], 1)).toEqualTypeOf<Tensor>();
    expectTypeOf(api.div(1, x, { roundingMode: "floor" })).toEqualTypeOf<Tensor>();
    // @ts-expect-error a misspelled option
    x.sum({ keepDim: true });
    // @ts-expect-error no such choice
    x.div(2, { roundingMode: "up" });
    // @ts-expect-error a required argument is missing
    x.transpose(0);
    // @ts-expect-error comparisons have no alpha
    x.eq(1, { alpha: 1 });
    // @ts-expect-error not a function of the root
    api.view(x, 2);
  };
  expect(typed).toBeTypeOf("function");
});
