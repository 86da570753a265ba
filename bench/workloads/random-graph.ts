// Random fused graphs from a seed: 1–4 inputs of which some broadcast, a chain of pointwise ops that
// uses them all, and an ending: the value itself, two values, or a sum over rows, columns or all.
// A graph is data; one reader records it on our library, another evaluates it in plain JavaScript.
//
//   values:  [ inputs … | steps … ]    a step names its operands by index into this list

import type { Tensor } from "../../src/index.ts";
import { type Random, uniform } from "../seeded.ts";
import { lane } from "./costs.ts";

interface PointwiseOp {
  operands: 1 | 2;
  cost: number;
  scalar(x: number, y: number): number;
  record(x: Tensor, y: Tensor): Tensor;
}

const { simple, transcendental, divide, root } = lane;
/** All of them keep values near one, so that float32 and float64 stay comparable. */
const ops = {
  add: { operands: 2, cost: simple, scalar: (x, y) => x + y, record: (x, y) => x.add(y) },
  sub: { operands: 2, cost: simple, scalar: (x, y) => x - y, record: (x, y) => x.sub(y) },
  halfMul: {
    operands: 2,
    cost: 2 * simple,
    scalar: (x, y) => x * y * 0.5,
    record: (x, y) => x.mul(y).mul(0.5),
  },
  relu: { operands: 1, cost: simple, scalar: (x) => Math.max(x, 0), record: (x) => x.relu() },
  tanh: { operands: 1, cost: transcendental, scalar: Math.tanh, record: (x) => x.tanh() },
  sin: { operands: 1, cost: transcendental, scalar: Math.sin, record: (x) => x.sin() },
  bell: {
    operands: 1,
    cost: transcendental + 2 * simple,
    scalar: (x) => Math.exp(-x * x),
    record: (x) => x.mul(x).mul(-1).exp(),
  },
  squash: {
    operands: 1,
    cost: divide + root + 2 * simple,
    scalar: (x) => x / Math.sqrt(x * x + 1),
    record: (x) => x.div(x.mul(x).add(1).sqrt()),
  },
} satisfies Record<string, PointwiseOp>;
type OpName = keyof typeof ops;
const opNames = Object.keys(ops) as OpName[];
const binaryNames = opNames.filter((name) => ops[name].operands === 2);
const unaryNames = opNames.filter((name) => ops[name].operands === 1);

const shapes: [number, number][] = [
  [2048, 2048],
  [4096, 1024],
  [1000, 5003],
  [4096, 2048],
  [3001, 4099],
  [257, 50_021],
  [65_536, 128],
  [4096, 4096],
];
const endings = ["value", "two", "rows", "columns", "all"] as const;

interface Step {
  op: OpName;
  x: number;
  y: number;
}
export interface RandomGraph {
  rows: number;
  columns: number;
  inputShapes: number[][];
  steps: Step[];
  ending: (typeof endings)[number];
}

const pick = <T>(random: Random, items: readonly T[]): T => {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error("random graph: nothing to pick from");
  return item;
};

export function randomGraph(seed: number): RandomGraph {
  const random = uniform(seed);
  const [rows, columns] = pick(random, shapes);
  const forms = [[rows, columns], [1, columns], [rows, 1], []];
  const inputCount = 1 + Math.floor(random() * 4);
  const others = Array.from({ length: inputCount - 1 }, () => pick(random, forms));
  const steps: Step[] = [];
  let last = 0;
  const push = (op: OpName, y: number) => {
    steps.push({ op, x: last, y });
    last = inputCount + steps.length - 1;
  };
  for (let input = 1; input < inputCount; input += 1) {
    if (random() < 0.5) push(pick(random, unaryNames), 0);
    push(pick(random, binaryNames), input);
  }
  const more = 2 + Math.floor(random() * 4);
  for (let step = 0; step < more; step += 1) {
    // An earlier value beside the last one: x − x would leave nothing to compute.
    if (last === 0) push(pick(random, unaryNames), 0);
    else push(pick(random, opNames), Math.floor(random() * last));
  }
  const inputShapes = [[rows, columns], ...others];
  return { rows, columns, inputShapes, steps, ending: pick(random, endings) };
}

export function recordGraph({ steps, ending }: RandomGraph, inputs: Tensor[]): Tensor[] {
  const values = [...inputs];
  const at = (index: number): Tensor => {
    const value = values[index];
    if (value === undefined) throw new Error(`random graph: no value ${index}`);
    return value;
  };
  for (const { op, x, y } of steps) values.push(ops[op].record(at(x), at(y)));
  const value = at(values.length - 1);
  switch (ending) {
    case "value":
      return [value];
    case "two":
      return [value, at(values.length - 2).mul(value)];
    case "rows":
      return [value.sum(1)];
    case "columns":
      return [value.sum(0)];
    case "all":
      return [value.sum()];
  }
}

/** Reads input `index` at a row and column, broadcast. */
export type ReadInput = (index: number, row: number, column: number) => number;

/** The last two values at one place: [last, the one before]. */
export function evaluateAt(
  { inputShapes, steps }: RandomGraph,
  read: ReadInput,
  row: number,
  column: number,
): [number, number] {
  const values = inputShapes.map((_, index) => read(index, row, column));
  for (const { op, x, y } of steps) {
    values.push(ops[op].scalar(values[x] ?? Number.NaN, values[y] ?? Number.NaN));
  }
  return [values.at(-1) ?? Number.NaN, values.at(-2) ?? Number.NaN];
}

/** Bytes that must be read and written once, and flops of the FMA limit that must be done. */
export function leastWork({ rows, columns, inputShapes, steps, ending }: RandomGraph) {
  const elements = rows * columns;
  const size = (shape: number[]) => shape.reduce((product, length) => product * length, 1);
  const inputElements = inputShapes.reduce((sum, shape) => sum + size(shape), 0);
  const outputElements = { value: elements, two: 2 * elements, rows, columns, all: 1 }[ending];
  const stepCost = steps.reduce((sum, { op }) => sum + ops[op].cost, 0);
  const endCost = ending === "value" ? 0 : simple;
  return {
    bytes: 4 * (inputElements + outputElements),
    flops: elements * (stepCost + endCost),
  };
}

export function describeGraph({ rows, columns, inputShapes, steps, ending }: RandomGraph): string {
  const inputs = inputShapes.map((shape) => `[${shape.join(",")}]`).join(" ");
  return `${rows} × ${columns}, inputs ${inputs}, ${steps.map(({ op }) => op).join("·")} → ${ending}`;
}
