/** Cases of instructions that compute a value from operands: lane by lane, or across lanes. */
import { expect } from "vitest";
import type { PlainOp } from "../../../src/wasm/opcodes.ts";
import type { Bench, Case } from "./bench.ts";
import { among, operandTypes, operation, resultAt, same, sharedMemory, show } from "./bench.ts";
import type { LaneOf, Shape } from "./shapes.ts";
import { isVector, laneCount, readLanes, samples, stored, writeLanes } from "./shapes.ts";

/** What an oracle throws where the instruction must trap. */
class Trap extends Error {}

export function trap(): never {
  throw new Trap();
}

type Lane = number | bigint;
type LaneFunction<I extends Shape, R> = (...lanes: LaneOf<I>[]) => R;

interface Operand {
  shape: Shape;
  lanes: readonly Lane[];
}

/** One lane of the result from the same lane of each operand; true is 1, or −1 in a vector. */
export function lanewise<I extends Shape, O extends Shape = I>(input: I, output?: O) {
  const outShape = (output ?? input) as O;
  return (oracle: LaneFunction<I, LaneOf<O> | boolean>): Case<PlainOp> =>
    (bench) => {
      each(bench, input, (operands) => {
        const lanes = transposed(operands).map((tuple) => {
          return asLane(oracle(...(tuple as LaneOf<I>[])), outShape);
        });
        return { shape: outShape, lanes: stored(outShape, lanes) };
      });
    };
}

/** As `lanewise`, where the machine may choose among several results. */
export function relaxed<I extends Shape, O extends Shape = I>(input: I, output?: O) {
  const outShape = (output ?? input) as O;
  return (oracle: LaneFunction<I, LaneOf<O>[]>): Case<PlainOp> =>
    (bench) => {
      each(bench, input, (operands) => {
        const allowed = transposed(operands).map((tuple) => {
          return oracle(...(tuple as LaneOf<I>[])).flatMap((x) => stored(outShape, [x])[0] ?? []);
        });
        return { shape: outShape, allowed };
      });
    };
}

type LanesOf<I extends readonly Shape[]> = { [K in keyof I]: LaneOf<I[K]>[] };

/** The whole result from the whole operands. */
export function across<const I extends readonly Shape[], O extends Shape>(input: I, output: O) {
  return (oracle: (...operands: LanesOf<I>) => LaneOf<O>[]): Case<PlainOp> =>
    (bench) => {
      const run = operation(bench, (f) => f.op(bench.name));
      for (const operands of product(input.map(vectors))) {
        const lanes = oracle(...(operands.map((operand) => operand.lanes) as LanesOf<I>));
        check(bench, { run, operands, expected: { shape: output, lanes: stored(output, lanes) } });
      }
    };
}

/** As `across`, where the machine may choose lane by lane. */
export function relaxedAcross<const I extends readonly Shape[], O extends Shape>(
  input: I,
  output: O,
) {
  return (oracle: (...operands: LanesOf<I>) => LaneOf<O>[][]): Case<PlainOp> =>
    (bench) => {
      const run = operation(bench, (f) => f.op(bench.name));
      for (const operands of product(input.map(vectors))) {
        const choices = oracle(...(operands.map((operand) => operand.lanes) as LanesOf<I>));
        const allowed = choices.map((lane) => lane.flatMap((x) => stored(output, [x])[0] ?? []));
        check(bench, { run, operands, expected: { shape: output, allowed } });
      }
    };
}

type Expected = { shape: Shape } & ({ lanes: readonly Lane[] } | { allowed: Lane[][] });

/** Runs the instruction on all pairs of special numbers (each with some third one). */
function each(
  bench: Bench<PlainOp>,
  shape: Shape,
  oracle: (operands: readonly Operand[]) => Expected,
): void {
  const run = operation(bench, (f) => f.op(bench.name));
  const arity = operandTypes(bench.name, bench.addressType).length;
  for (const operands of packed(tuples(samples(shape), arity), shape)) {
    check(bench, { run, operands, expected: unlessTrap(() => oracle(operands)) });
  }
}

function unlessTrap(oracle: () => Expected): Expected | undefined {
  try {
    return oracle();
  } catch (error) {
    if (error instanceof Trap) return undefined;
    throw error;
  }
}

function check(
  { name, addressType }: Bench,
  test: { run: () => void; operands: readonly Operand[]; expected: Expected | undefined },
): void {
  const { run, operands, expected } = test;
  const { buffer } = sharedMemory(addressType);
  operands.forEach(({ shape, lanes }, slot) => {
    writeLanes(buffer, slot * 16, { shape, lanes: lanes as LaneOf<Shape>[] });
  });
  if (expected === undefined) {
    expect(run, name).toThrow(WebAssembly.RuntimeError);
    return;
  }
  run();
  const got = readLanes(buffer, resultAt, expected.shape);
  const what = `${name} ${operands.map(({ lanes }) => show(lanes)).join(" ")}`;
  if ("lanes" in expected) same(got, expected.lanes, what);
  else among(got, expected.allowed, what);
}

function asLane<S extends Shape>(value: LaneOf<S> | boolean, shape: S): LaneOf<S> {
  if (typeof value !== "boolean") return value;
  const yes = isVector(shape) ? -1 : 1;
  const wide = shape === "i64x2";
  return (wide ? BigInt(value ? yes : 0) : value ? yes : 0) as LaneOf<S>;
}

function tuples(numbers: readonly Lane[], arity: number): Lane[][] {
  if (arity === 1) return numbers.map((x) => [x]);
  const n = numbers.length;
  return numbers.flatMap((x, i) =>
    numbers.map((y, j) => {
      const tuple = [x, y, numbers[(3 * i + 5 * j + 1) % n] as Lane];
      return tuple.slice(0, arity);
    }),
  );
}

/** Lays tuples side by side into lanes; the last vector is filled up with the first tuples. */
function packed(all: readonly Lane[][], shape: Shape): Operand[][] {
  const count = laneCount(shape);
  const arity = all[0]?.length ?? 0;
  return Array.from({ length: Math.ceil(all.length / count) }, (_, k) =>
    Array.from({ length: arity }, (_, slot) => ({
      shape,
      lanes: Array.from({ length: count }, (_, lane) => {
        return (all[(k * count + lane) % all.length] as Lane[])[slot] as Lane;
      }),
    })),
  );
}

function transposed(operands: readonly Operand[]): Lane[][] {
  const [first] = operands;
  return (first?.lanes ?? []).map((_, lane) => operands.map((x) => x.lanes[lane] as Lane));
}

/** All special numbers in lanes, in several rotations, and vectors that are uniform. */
function vectors(shape: Shape): Operand[] {
  const numbers = samples(shape);
  const count = laneCount(shape);
  if (count === 1) return numbers.map((x) => ({ shape, lanes: [x] }));
  const uniform = numbers.slice(0, 3).map((x) => Array.from({ length: count }, () => x));
  const mixed = numbers.flatMap((_, start) => {
    if (start % 2 === 1) return [];
    const lanes = Array.from({ length: count }, (_, i) => numbers[(start + i) % numbers.length]);
    return [lanes as Lane[]];
  });
  return [...uniform, ...mixed].map((lanes) => ({ shape, lanes }));
}

function product(lists: readonly Operand[][]): Operand[][] {
  return lists.reduce<Operand[][]>(
    (heads, list) => heads.flatMap((head) => list.map((x) => [...head, x])),
    [[]],
  );
}
