// Random row programs from a seed: values of a whole row and values one a row, folds between them, and a
// few inputs of which some are shared by all rows. A program is data: recorded on our library, evaluated
// row by row in plain JavaScript.
//
//   values:  [ inputs … | steps … ]    a step names its operands by position in this list

import type { Tensor } from "../../src/index.ts";
import { type Random, uniform } from "../seeded.ts";
import { lane } from "./costs.ts";

/** What a value has: an element for each of the row's, or one a row. */
type Form = "wide" | "single";

interface RowOp {
  readonly from: readonly Form[];
  readonly to: Form;
  readonly cost: number;
  record(x: Tensor, y: Tensor): Tensor;
  evaluate(x: readonly number[], y: readonly number[]): number[];
}

const { simple, transcendental, divide, root } = lane;
const each = (f: (x: number) => number) => (x: readonly number[]) => x.map(f);
const pair =
  (f: (x: number, y: number) => number) => (x: readonly number[], y: readonly number[]) =>
    x.map((value, at) => f(value, y[y.length === 1 ? 0 : at] ?? Number.NaN));
const total = (x: readonly number[]): number => x.reduce((sum, value) => sum + value, 0);
const oneOf = (f: (x: readonly number[]) => number) => (x: readonly number[]) => [f(x)];

/** All of them keep values near one, so that float32 and float64 stay comparable. */
const ops = {
  tanh: {
    ...{ from: ["wide"], to: "wide", cost: transcendental },
    record: (x) => x.tanh(),
    evaluate: each(Math.tanh),
  },
  power: {
    ...{ from: ["wide"], to: "wide", cost: transcendental + simple },
    record: (x) => x.mul(-0.5).exp(),
    evaluate: each((x) => Math.exp(-0.5 * x)),
  },
  squash: {
    ...{ from: ["wide"], to: "wide", cost: divide + root + 2 * simple },
    record: (x) => x.div(x.mul(x).add(1).sqrt()),
    evaluate: each((x) => x / Math.sqrt(x * x + 1)),
  },
  mean: {
    ...{ from: ["wide"], to: "single", cost: simple },
    record: (x) => x.mean(-1, true),
    evaluate: oneOf((x) => total(x) / x.length),
  },
  largest: {
    ...{ from: ["wide"], to: "single", cost: simple },
    record: (x) => x.amax(-1, true),
    evaluate: oneOf((x) => x.reduce((a, b) => Math.max(a, b))),
  },
  spread: {
    ...{ from: ["wide"], to: "single", cost: 2 * simple },
    record: (x) => x.square().mean(-1, true).add(0.5).rsqrt(),
    evaluate: oneOf((x) => 1 / Math.sqrt(total(x.map((v) => v * v)) / x.length + 0.5)),
  },
  add: {
    ...{ from: ["wide", "wide"], to: "wide", cost: simple },
    record: (x, y) => x.add(y).mul(0.7),
    evaluate: pair((x, y) => (x + y) * 0.7),
  },
  product: {
    ...{ from: ["wide", "wide"], to: "wide", cost: simple },
    record: (x, y) => x.mul(y).mul(0.5),
    evaluate: pair((x, y) => x * y * 0.5),
  },
  dot: {
    ...{ from: ["wide", "wide"], to: "single", cost: simple },
    record: (x, y) => x.mul(y).mean(-1, true),
    evaluate: (x, y) => [total(pair((a, b) => a * b)(x, y)) / x.length],
  },
  less: {
    ...{ from: ["wide", "single"], to: "wide", cost: simple },
    record: (x, y) => x.sub(y),
    evaluate: pair((x, y) => x - y),
  },
  scaled: {
    ...{ from: ["wide", "single"], to: "wide", cost: simple },
    record: (x, y) => x.mul(y),
    evaluate: pair((x, y) => x * y),
  },
  bounded: {
    ...{ from: ["single"], to: "single", cost: 0 },
    record: (x) => x.div(x.abs().add(1)),
    evaluate: each((x) => x / (Math.abs(x) + 1)),
  },
} satisfies Record<string, RowOp>;
type OpName = keyof typeof ops;
const opNames = Object.keys(ops) as OpName[];

export interface RowProgram {
  /** [rows, columns], or more axes before the columns. */
  readonly shape: readonly number[];
  /** The first has an element for each place; a shared one has one for each column. */
  readonly isShared: readonly boolean[];
  readonly steps: readonly { readonly op: OpName; readonly from: readonly number[] }[];
  /** Positions of what is wanted: the last wide value, and maybe another. */
  readonly wanted: readonly number[];
}

const pick = <T>(random: Random, items: readonly T[]): T =>
  items[Math.floor(random() * items.length)] as T;

/** `folds` at least are made, and each is used. */
export function randomRows(seed: number, shape: readonly number[], folds = 2): RowProgram {
  const random = uniform(seed);
  const isShared = [
    false,
    ...Array.from({ length: Math.floor(random() * 3) }, () => random() < 0.5),
  ];
  const forms: Form[] = isShared.map(() => "wide");
  const steps: { op: OpName; from: number[] }[] = [];
  const push = (op: OpName, from: number[]): number => {
    steps.push({ op, from });
    return forms.push(ops[op].to) - 1;
  };
  let last = 0;
  for (let input = 1; input < isShared.length; input++) last = push("add", [last, input]);
  const wides = (): number[] => [...forms.keys()].filter((at) => forms[at] === "wide");
  const of = (to: Form, from: readonly Form[]): OpName[] =>
    opNames.filter((name) => ops[name].to === to && String(ops[name].from) === String(from));
  for (let fold = 0; fold < folds; fold++) {
    while (random() < 0.5) last = push(pick(random, of("wide", ["wide"])), [last]);
    const isOfTwo = random() < 0.3;
    let single = isOfTwo
      ? push("dot", [last, pick(random, wides())])
      : push(pick(random, of("single", ["wide"])), [last]);
    if (random() < 0.4) single = push("bounded", [single]);
    last = push(pick(random, of("wide", ["wide", "single"])), [last, single]);
    if (random() < 0.4)
      last = push(pick(random, of("wide", ["wide", "wide"])), [last, pick(random, wides())]);
  }
  const wanted = random() < 0.3 ? [last, steps.length + isShared.length - 2] : [last];
  return { shape, isShared, steps, wanted: [...new Set(wanted)] };
}

export const inputShapes = ({ shape, isShared }: RowProgram): number[][] =>
  isShared.map((shared) => (shared ? [shape.at(-1) as number] : [...shape]));

export function recordRows({ steps, wanted }: RowProgram, inputs: readonly Tensor[]): Tensor[] {
  const values = [...inputs];
  for (const { op, from } of steps) {
    const [x, y = x] = from.map((at) => values[at] as Tensor) as [Tensor, Tensor?];
    values.push(ops[op].record(x, y));
  }
  return wanted.map((at) => values[at] as Tensor);
}

/** The wanted values of one row, from what the inputs hold there. */
export function evaluateRow(
  { steps, wanted }: RowProgram,
  inputs: readonly number[][],
): number[][] {
  const values = [...inputs];
  for (const { op, from } of steps) {
    const [x, y = x] = from.map((at) => values[at] as number[]) as [number[], number[]?];
    values.push(ops[op].evaluate(x, y));
  }
  return wanted.map((at) => values[at] as number[]);
}

/** Bytes that must be read and written once, and flops of the FMA limit that must be done. */
export function leastRowWork(program: RowProgram): { bytes: number; flops: number } {
  const { shape, isShared, steps, wanted } = program;
  const elements = shape.reduce((product, size) => product * size, 1);
  const isWide = (at: number): boolean =>
    at < isShared.length ||
    ops[(steps[at - isShared.length] as (typeof steps)[number]).op].to === "wide";
  const whole = isShared.filter((shared) => !shared).length + wanted.filter(isWide).length;
  const cost = steps.reduce((sum, { op }) => sum + ops[op].cost, 0);
  return { bytes: 4 * elements * whole, flops: elements * cost };
}

export const describeRows = ({ shape, steps }: RowProgram): string =>
  `[${shape.join(", ")}] ${steps.map(({ op }) => op).join(" ")}`;
