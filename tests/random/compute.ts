// Statements that compute: pointwise functions, reductions, indexing, and compositions of them.

import { applyUnary, binaries, mapped, settled, unaries } from "./arithmetic.ts";
import type { Builder, Draw } from "./builder.ts";
import {
  broadcast,
  cast,
  categoryOf,
  expanded,
  filledBy,
  type Item,
  isFloating,
  type Model,
  type ModelDType,
  promoted,
  resultDType,
  stored,
} from "./model.ts";
import { type Arg, Ref } from "./program.ts";
import { gathered, type ReductionName, reduced, reductions, scattered } from "./reductions.ts";

export type Make = (builder: Builder, draw: Draw) => void;

export const numbers = [2, 0.5, 3, -1, 1, 0, 0.25, -2.5, 7, 0.1];
export const isBool = (x: Model): boolean => x.storage.dtype === "bool";
export const isNumeric = (x: Model): boolean => !isBool(x);
export const isFloatModel = (x: Model): boolean => isFloating(x.storage.dtype);
const hasAxes = (x: Model): boolean => x.shape.length > 0;

// Pointwise: the model of a result, and the statement.

export function unaryModel(name: string, x: Model): Model | null {
  const rule = unaries[name];
  const own = x.storage.dtype;
  if (own === "bool" && rule.keepsIntegers) return null;
  const computed = isFloating(own) || rule.keepsIntegers ? own : "float32";
  const dtype = rule.givesBool ? "bool" : computed;
  const typed = rule.givesBool ? x : cast(x, computed);
  return mapped(dtype, x.shape, [typed], (item) => applyUnary(rule, computed, item));
}

export const unary = (b: Builder, name: string, id: number): number | null =>
  b.make(unaryModel(name, b.model(id)), { on: id, name, args: [] });

/** With a number on the right: it promotes only to a higher category. */
function scalarModel(x: Model, value: number): Model {
  const own: ModelDType = Number.isInteger(value) ? "int64" : "float32";
  const dtype = x.storage.dtype;
  const meet = categoryOf(own) > categoryOf(dtype) ? promoted(own, dtype) : dtype;
  return filledBy(meet, [], () => [value, 0]);
}

export function binaryModel(name: string, x: Model, right: Model | number): Model | null {
  const { run, dtype: kind, tensorsOnly } = binaries[name];
  if (tensorsOnly && typeof right === "number") return null;
  const y = typeof right === "number" ? scalarModel(x, right) : right;
  const common = typeof right === "number" ? y.storage.dtype : resultDType(x, y);
  const shape = broadcast(x.shape, y.shape);
  if (!shape) return null;
  if (common === "bool" && kind !== "bool") return null;
  if (name === "sub" && (isBool(x) || isBool(y))) return null;
  if (right === 0 && !isFloating(common) && (name === "remainder" || name === "fmod")) return null;
  const within = kind === "float" && !isFloating(common) ? "float32" : common;
  const sides = [x, y].map((side) => expanded(cast(side, within), shape));
  const dtype = kind === "bool" ? "bool" : within;
  return mapped(dtype, shape, sides, (p, q) => settled(dtype, run(within, p, q)));
}

export const rightArg = (right: number | { id: number }): Arg =>
  typeof right === "number" ? right : new Ref(right.id);

export function binary(
  b: Builder,
  name: string,
  id: number,
  right: number | { id: number },
): number | null {
  const model = binaryModel(
    name,
    b.model(id),
    typeof right === "number" ? right : b.model(right.id),
  );
  return b.make(model, { on: id, name, args: [rightArg(right)] });
}

/** A right side for `x`: a tensor that broadcasts, or a number. */
export function rightFor(b: Builder, draw: Draw, x: Model, inPlace = false) {
  const id = b.operand(draw, x.shape, inPlace);
  return id === null ? draw.of(numbers) : { id };
}

const anyUnary: Make = (b, draw) => {
  unary(b, draw.of(Object.keys(unaries)), b.some(draw));
};

const anyBinary: Make = (b, draw) => {
  const name = draw.of(Object.keys(binaries));
  const id = b.some(draw);
  binary(b, name, id, rightFor(b, draw, b.model(id)));
};

const arithmetic: Make = (b, draw) => {
  const name = draw.of(["add", "mul", "sub"]);
  const id = b.some(draw, isNumeric);
  binary(b, name, id, rightFor(b, draw, b.model(id)));
};

/** x + alpha·y may be rounded once or twice. */
const addScaled: Make = (b, draw) => {
  const id = b.some(draw, isFloatModel);
  const x = b.model(id);
  const right = b.pick(
    draw,
    (y) => y.storage.dtype === x.storage.dtype && !!broadcast(x.shape, y.shape),
  );
  if (right === null || !isFloatModel(x)) return;
  const alpha = draw.of(numbers);
  const { dtype } = x.storage;
  const y = b.model(right);
  const shape = broadcast(x.shape, y.shape) as number[];
  const sides = [expanded(x, shape), expanded(y, shape)];
  const model = mapped(dtype, shape, sides, (p, q) => {
    const factor = stored(dtype, [alpha, 0]);
    const product = binaries.mul.run(dtype, q, factor);
    const [value, error] = stored(dtype, product);
    const slip = Math.abs(value - product[0]);
    return binaries.add.run(dtype, p, [value, Number.isNaN(slip) ? error : error + slip]);
  });
  b.make(model, { on: id, name: "add", args: [new Ref(right), { alpha }] });
};

const where: Make = (b, draw) => {
  const mask = b.pick(draw, isBool);
  if (mask === null) return;
  const condition = b.model(mask);
  const meets = (x: Model): boolean => broadcast(condition.shape, x.shape) !== null;
  const left =
    b.pick(draw, (x) => meets(x) && isNumeric(x)) ?? b.leaf(draw, condition.shape, "float32");
  const x = b.model(left);
  const right = b.pick(
    draw,
    (y) => y.storage.dtype === x.storage.dtype && meets(y) && !!broadcast(x.shape, y.shape),
  );
  const y = right === null ? scalarModel(x, 2) : b.model(right);
  const both = broadcast(x.shape, y.shape);
  const shape = both && broadcast(condition.shape, both);
  if (!shape || y.storage.dtype !== x.storage.dtype) return;
  const sides = [condition, x, y].map((side) => expanded(side, shape));
  const model = mapped(x.storage.dtype, shape, sides, (c, p, q) =>
    c[1] > 0 ? [0, Infinity] : c[0] !== 0 ? p : q,
  );
  const args = [new Ref(mask), new Ref(left), right === null ? 2 : new Ref(right)];
  b.make(model, { name: "where", args });
};

const clamp: Make = (b, draw) => {
  const id = b.some(draw, isFloatModel);
  const x = b.model(id);
  if (!isFloatModel(x)) return;
  const [low, high] = draw.of([
    [-1, 2],
    [0, 1],
    [-0.5, 0.25],
  ]);
  b.make(clamped(x, low, high), { on: id, name: "clamp", args: [low, high] });
};

export const clamped = (x: Model, low: number, high: number): Model =>
  mapped(
    x.storage.dtype,
    x.shape,
    [x],
    ([value, error]): Item => [
      Math.min(Math.max(value, low), high),
      Number.isFinite(value) ? error : error > 0 ? Infinity : 0,
    ],
  );

const castTo: Make = (b, draw) => {
  const id = b.some(draw);
  const dtype = draw.of(["float32", "int32", "float64", "bool", "int64"] as const);
  const x = b.model(id);
  if (x.storage.dtype === dtype) b.view(id, x, "to", [dtype]);
  else b.make(cast(x, dtype), { on: id, name: "to", args: [dtype] });
};

// Reductions

export function reduce(
  b: Builder,
  name: ReductionName,
  id: number,
  over: { axes: readonly number[] | null; keepdim: boolean; field?: "values" | "indices" },
): number | null {
  const { axes, keepdim, field } = over;
  const x = b.model(id);
  const own = x.storage.dtype;
  const isPlace = name === "argmax" || name === "argmin";
  const isChoice = isPlace || name === "amax" || name === "amin";
  const list = axes ?? x.shape.map((_, axis) => axis);
  if (isChoice && (own === "bool" || list.some((axis) => x.shape[axis] === 0))) return null;
  if (name === "mean" && !isFloating(own)) return null;
  const added = name === "sum" || name === "prod";
  const within = added && !isFloating(own) ? "int64" : own;
  const dtype = isPlace ? "int64" : name === "any" || name === "all" ? "bool" : within;
  const model = reduced(reductions[name], x, list, { keepdim, dtype, within });
  const called = field ? (name === "amax" || name === "argmax" ? "max" : "min") : name;
  const isSingle = isPlace || name === "prod" || field !== undefined;
  const dim = axes === null ? [] : [isSingle ? axes[0] : axes];
  const args = axes === null ? dim : keepdim ? [...dim, true] : dim;
  if (axes === null && keepdim) return null;
  return b.make(model, { on: id, name: called, args, field: field ?? null });
}

const anyReduction: Make = (b, draw) => {
  const name = draw.of([
    "sum",
    "sum",
    "mean",
    "amax",
    "argmax",
    "amin",
    "argmin",
    "prod",
    "any",
    "all",
  ] as const);
  const id = b.some(draw);
  const { shape } = b.model(id);
  const keepdim = draw.oneIn(2);
  const isSingle = name === "prod" || name.startsWith("arg");
  let axes: number[] | null = shape.map((_, axis) => axis).filter(() => draw.below(2) === 0);
  if (isSingle) axes = axes.slice(0, 1);
  if (axes.length === 0) axes = null;
  reduce(b, name, id, { axes, keepdim });
};

const extremeAlong: Make = (b, draw) => {
  const id = b.some(draw, hasAxes);
  const { shape } = b.model(id);
  if (shape.length === 0) return;
  const field = draw.of(["values", "indices"] as const);
  const isMax = draw.below(2) === 0;
  const name = field === "values" ? (isMax ? "amax" : "amin") : isMax ? "argmax" : "argmin";
  reduce(b, name, id, { axes: [draw.below(shape.length)], keepdim: draw.oneIn(2), field });
};

/** exp(x − max) / Σ exp(x − max) */
const softmaxLike: Make = (b, draw) => {
  const id = b.some(draw, (x) => isFloatModel(x) && hasAxes(x));
  const { shape } = b.model(id);
  if (shape.length === 0 || !isFloatModel(b.model(id))) return;
  const axes = [draw.below(shape.length)];
  const most = reduce(b, "amax", id, { axes, keepdim: true });
  const less = most === null ? null : binary(b, "sub", id, { id: most });
  const power = less === null ? null : unary(b, "exp", less);
  const total = power === null ? null : reduce(b, "sum", power, { axes, keepdim: true });
  if (total !== null) binary(b, "div", power as number, { id: total });
};

/** (x − mean) / sqrt(mean (x − mean)² + ε) */
const normalizedLike: Make = (b, draw) => {
  const id = b.some(draw, (x) => isFloatModel(x) && hasAxes(x));
  const { shape } = b.model(id);
  if (shape.length === 0 || !isFloatModel(b.model(id))) return;
  const axes = [shape.length - 1 - draw.below(shape.length)];
  const mean = reduce(b, "mean", id, { axes, keepdim: true });
  const centred = mean === null ? null : binary(b, "sub", id, { id: mean });
  const squares = centred === null ? null : unary(b, "square", centred);
  const variance = squares === null ? null : reduce(b, "mean", squares, { axes, keepdim: true });
  const shifted = variance === null ? null : binary(b, "add", variance, 0.5);
  const spread = shifted === null ? null : unary(b, "sqrt", shifted);
  if (spread !== null) binary(b, "div", centred as number, { id: spread });
};

// Indexing

const gather: Make = (b, draw) => {
  const id = b.some(draw, (x) => hasAxes(x) && x.shape.every((size) => size > 0));
  const x = b.model(id);
  if (!hasAxes(x) || x.shape.includes(0)) return;
  const axis = draw.below(x.shape.length);
  const shape = x.shape.map((size, at) =>
    at === axis ? 1 + draw.below(5) : draw.oneIn(3) ? 1 : size,
  );
  const index = b.indices(draw, shape, x.shape[axis]);
  const model = gathered(x, axis, b.model(index));
  b.make(model, { on: id, name: "gather", args: [axis, new Ref(index)] });
};

const gatherExtreme: Make = (b, draw) => {
  const id = b.some(draw, (x) => hasAxes(x) && isNumeric(x));
  const x = b.model(id);
  if (!hasAxes(x)) return;
  const axis = draw.below(x.shape.length);
  const index = reduce(b, draw.of(["argmax", "argmin"] as const), id, {
    axes: [axis],
    keepdim: true,
  });
  if (index === null) return;
  const model = gathered(x, axis, b.model(index));
  b.make(model, { on: id, name: "gather", args: [axis, new Ref(index)] });
};

const indexSelect: Make = (b, draw) => {
  const id = b.some(draw, (x) => hasAxes(x) && x.shape.every((size) => size > 0));
  const x = b.model(id);
  if (!hasAxes(x) || x.shape.includes(0)) return;
  const axis = draw.below(x.shape.length);
  const index = b.indices(draw, [draw.below(7)], x.shape[axis]);
  const rows = b.model(index);
  const shape = x.shape.map((size, at) => (at === axis ? rows.shape[0] : size));
  const along = { ...rows, shape, strides: shape.map((_, at) => (at === axis ? 1 : 0)) };
  const model = gathered(x, axis, along);
  if (axis === 0 && draw.oneIn(2)) b.make(model, { on: id, name: "index", args: [new Ref(index)] });
  else b.make(model, { on: id, name: "indexSelect", args: [axis, new Ref(index)] });
};

const scatterAdd: Make = (b, draw) => {
  const id = b.some(draw, (x) => hasAxes(x) && isNumeric(x) && !x.shape.includes(0));
  const x = b.model(id);
  if (!hasAxes(x) || isBool(x) || x.shape.includes(0)) return;
  const axis = draw.below(x.shape.length);
  const shape = x.shape.map((size, at) => (at === axis ? draw.below(9) : size));
  const index = b.indices(draw, shape, x.shape[axis]);
  const { dtype } = x.storage;
  const source =
    b.pick(draw, (y) => y.storage.dtype === dtype && String(y.shape) === String(shape)) ??
    b.leaf(draw, shape, dtype);
  const add = (old: Item, more: Item): Item => settled(dtype, binaries.add.run(dtype, old, more));
  const model = scattered(x, axis, b.model(index), b.model(source), add);
  b.make(model, { on: id, name: "scatterAdd", args: [axis, new Ref(index), new Ref(source)] });
};

export const computeStatements: readonly (readonly [weight: number, make: Make])[] = [
  [6, anyUnary],
  [5, arithmetic],
  [6, anyBinary],
  [1, addScaled],
  [2, where],
  [1, clamp],
  [2, castTo],
  [7, anyReduction],
  [2, extremeAlong],
  [1, softmaxLike],
  [1, normalizedLike],
  [1, gather],
  [1, gatherExtreme],
  [1, indexSelect],
  [1, scatterAdd],
];
