// What pointwise functions do to an element and its bound. A step that is exactly rounded keeps a bound
// of 0; a jump inside the bound makes the result unknown.

import { filledBy, type Item, isFloating, itemsOf, type Model, type ModelDType } from "./model.ts";

const unknown: Item = [0, Number.POSITIVE_INFINITY];

/** Roundings that a good approximation may be off by, relative, for float32 and float64. */
const slack = { float32: 2 ** -20, float64: 2 ** -47 };

export interface Unary {
  readonly run: (x: number) => number;
  /** exact: one rounding; near: an approximation; step: constant but for jumps. */
  readonly kind: "exact" | "near" | "step";
  /** A bound of the change of the result when x moves by e, where the ends do not tell it. */
  readonly moves?: (x: number, e: number) => number;
  /** Keeps a bool or an integer as it is; else they become float32. */
  readonly keepsIntegers?: boolean;
  readonly givesBool?: boolean;
}

function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

const lipschitz = (_: number, e: number): number => e;

/** Far outside, sine and cosine lose their digits; they stay within [-1, 1]. */
const waving = (x: number, e: number): number => (Math.abs(x) < 1e4 ? Math.min(e, 2) : 2);

export const unaries: Record<string, Unary> = {
  neg: { run: (x) => -x, kind: "exact", keepsIntegers: true },
  abs: { run: Math.abs, kind: "exact", moves: lipschitz, keepsIntegers: true },
  square: {
    run: (x) => x * x,
    kind: "exact",
    moves: (x, e) => (2 * Math.abs(x) + e) * e,
    keepsIntegers: true,
  },
  relu: { run: (x) => Math.max(x, 0), kind: "exact", moves: lipschitz, keepsIntegers: true },
  floor: { run: Math.floor, kind: "step", keepsIntegers: true },
  ceil: { run: Math.ceil, kind: "step", keepsIntegers: true },
  trunc: { run: Math.trunc, kind: "step", keepsIntegers: true },
  round: { run: roundHalfEven, kind: "step", keepsIntegers: true },
  sign: { run: (x) => (x > 0 ? 1 : x < 0 ? -1 : x), kind: "step", keepsIntegers: true },
  isnan: { run: (x) => Number(Number.isNaN(x)), kind: "step", givesBool: true },
  isfinite: { run: (x) => Number(Number.isFinite(x)), kind: "step", givesBool: true },
  logicalNot: { run: (x) => Number(x === 0), kind: "step", givesBool: true },
  sqrt: { run: Math.sqrt, kind: "exact" },
  reciprocal: {
    run: (x) => 1 / x,
    kind: "exact",
    moves: (x, e) => (e < Math.abs(x) ? e / (Math.abs(x) * (Math.abs(x) - e)) : Infinity),
  },
  exp: { run: Math.exp, kind: "near" },
  expm1: { run: Math.expm1, kind: "near" },
  log: { run: Math.log, kind: "near" },
  log1p: { run: Math.log1p, kind: "near" },
  tanh: { run: Math.tanh, kind: "near" },
  sigmoid: { run: (x) => 1 / (1 + Math.exp(-x)), kind: "near" },
  sin: { run: Math.sin, kind: "near", moves: waving },
  cos: { run: Math.cos, kind: "near", moves: waving },
};

export function applyUnary({ run, kind, moves }: Unary, dtype: ModelDType, [x, e]: Item): Item {
  if (e === Number.POSITIVE_INFINITY) return unknown;
  const value = run(x);
  if (kind === "step") {
    if (e > 0 && run(x - e) !== run(x + e)) return unknown;
    return Number.isNaN(value) ? unknown : [value, 0];
  }
  if (Object.is(x, 0) || Object.is(x, -0)) if (!Number.isFinite(value)) return unknown;
  if (kind === "exact" && e === 0) return [value, 0];
  if (!isFloating(dtype) && e === 0) return nearOf("float32", value);
  if (!isFloating(dtype)) return unknown;
  const moved = moves ? moves(x, e) : e === 0 ? 0 : spread(run, x, e, value);
  if (Number.isNaN(value) && e === 0) return [value, 0];
  const [near, error] = kind === "near" ? nearOf(dtype, value) : [value, 0];
  return [near, Number.isNaN(moved) ? Infinity : moved * (1 + 2 ** -10) + error];
}

function nearOf(dtype: ModelDType, value: number): Item {
  if (!Number.isFinite(value)) return [value, 0];
  const relative = dtype === "float64" ? slack.float64 : slack.float32;
  return [value, relative * Math.abs(value) + (dtype === "float64" ? 1e-300 : 2e-38)];
}

/** How far a monotone function moves. */
const spread = (run: (x: number) => number, x: number, e: number, value: number): number =>
  Math.max(Math.abs(run(x + e) - value), Math.abs(run(x - e) - value));

type BinaryRule = (dtype: ModelDType, x: Item, y: Item) => Item;

const compared =
  (run: (x: number, y: number) => boolean): BinaryRule =>
  (_, [x, e], [y, f]) => {
    const value = run(x, y);
    const isSure = run(x - e, y + f) === value && run(x + e, y - f) === value;
    const isApart = e + f === 0 || Math.abs(x - y) > e + f;
    return isSure && isApart ? [Number(value), 0] : unknown;
  };

/** x − floor(x / y)·y or x − trunc(x / y)·y. */
const remaining =
  (ofFloor: boolean): BinaryRule =>
  (_, [x, e], [y, f]) => {
    if (e + f > 0 || y === 0 || !Number.isFinite(x) || !Number.isFinite(y)) return unknown;
    // Where a step of a quotient's way to it would round, the result may be off by y.
    if (!Number.isInteger(x * 64) || !Number.isInteger(y * 64) || Math.abs(x / y) > 2 ** 14)
      return unknown;
    const rest = x % y;
    return [!ofFloor || rest === 0 || rest < 0 === y < 0 ? rest : rest + y, 0];
  };

const chosen =
  (run: (x: number, y: number) => number): BinaryRule =>
  (_, [x, e], [y, f]) => [run(x, y), Math.max(e, f)];

/** Where no bound is known any more, or an infinite value meets one. */
const checked = (value: number, error: number): Item =>
  error === 0 || (Number.isFinite(value) && !Number.isNaN(error)) ? [value, error] : unknown;

interface Binary {
  readonly run: BinaryRule;
  readonly dtype: "common" | "float" | "bool";
  /** Takes no number on the right. */
  readonly tensorsOnly?: boolean;
}

export const binaries: Record<string, Binary> = {
  add: { run: (_, [x, e], [y, f]) => checked(x + y, e + f), dtype: "common" },
  sub: { run: (_, [x, e], [y, f]) => checked(x - y, e + f), dtype: "common" },
  mul: {
    run: (_, [x, e], [y, f]) =>
      e + f === 0 ? [x * y, 0] : checked(x * y, Math.abs(x) * f + Math.abs(y) * e + e * f),
    dtype: "common",
  },
  div: {
    run: (_, [x, e], [y, f]) => {
      if (y === 0 || f >= Math.abs(y)) return unknown;
      if (e + f === 0) return [x / y, 0];
      return checked(x / y, ((e + Math.abs(x / y) * f) / (Math.abs(y) - f)) * 1.001);
    },
    dtype: "float",
  },
  maximum: { run: chosen(Math.max), dtype: "common", tensorsOnly: true },
  minimum: { run: chosen(Math.min), dtype: "common", tensorsOnly: true },
  remainder: { run: remaining(true), dtype: "common" },
  fmod: { run: remaining(false), dtype: "common" },
  eq: { run: compared((x, y) => x === y), dtype: "bool" },
  ne: { run: compared((x, y) => x !== y), dtype: "bool" },
  lt: { run: compared((x, y) => x < y), dtype: "bool" },
  le: { run: compared((x, y) => x <= y), dtype: "bool" },
  gt: { run: compared((x, y) => x > y), dtype: "bool" },
  ge: { run: compared((x, y) => x >= y), dtype: "bool" },
};

/** An integer result that is not known wholly is not known at all. */
export const settled = (dtype: ModelDType, item: Item): Item =>
  !isFloating(dtype) && item[1] > 0 ? unknown : item;

export function mapped(
  dtype: ModelDType,
  shape: readonly number[],
  inputs: readonly Model[],
  run: (...items: Item[]) => Item,
): Model {
  const [a, b, c] = inputs.map(itemsOf);
  const item = ({ values, errors }: typeof a, at: number): Item => [values[at], errors[at]];
  return filledBy(dtype, shape, (at) => {
    if (!b) return run(item(a, at));
    return c ? run(item(a, at), item(b, at), item(c, at)) : run(item(a, at), item(b, at));
  });
}
