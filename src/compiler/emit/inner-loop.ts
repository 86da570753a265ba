// The loop along the inner axis: whole vectors from `start`, then a tail of 1 … 3 real lanes. The tail
// runs the same code as a vector, only its stores (and reductions' masks) know how many lanes count.

import type { FunctionBuilder, Local } from "../../wasm/function.ts";
import type { Axis, Chunks, KernelValue } from "../kernel.ts";
import type { LoopWriter } from "./loop-writer.ts";
import type { Position } from "./position.ts";

/** Elements of a block: rows longer than this are cut, so that one long row feeds all workers. */
export const blockElements = 4096;

export interface Range {
  /** Offsets in bytes for elements of four bytes; `limit` ends the whole vectors. */
  readonly offset: Local;
  readonly limit: Local;
  /** Where the row is cut: the block whose range reaches the row's end, and this one. */
  readonly last: { readonly block: Local; readonly number: number } | null;
}

/** start·4 … min(start + length, inner)·4 rounded down to whole vectors; `block` counts from 0. */
export function blockRange(
  f: FunctionBuilder,
  block: Local | null,
  { inner, length }: { inner: number; length: number },
): Range {
  const offset = f.local(f.addressType);
  const limit = f.local(f.addressType);
  const whole = Math.floor(inner / 4) * 16;
  if (!block || inner <= length) {
    f.address(0);
    f.set(offset);
    f.address(whole);
    f.set(limit);
    return { offset, limit, last: null };
  }
  f.get(block);
  f.addressFromI32();
  f.address(length * 4);
  f.addressMul();
  f.tee(offset);
  f.address(length * 4);
  f.addressAdd();
  f.set(limit);
  f.get(limit);
  f.address(whole);
  f.get(limit);
  f.address(whole);
  f.addressOp("lt_u");
  f.select();
  f.set(limit);
  return { offset, limit, last: { block, number: Math.ceil(inner / length) - 1 } };
}

/** Runs `body`, which does `copies` vectors, while that many are left. */
export function vectorLoop(
  f: FunctionBuilder,
  { offset, limit }: Range,
  copies: number,
  body: () => void,
): void {
  f.block((done) => {
    f.loop((again) => {
      f.get(offset);
      f.address(copies * 16);
      f.addressAdd();
      f.get(limit);
      f.addressOp("gt_u");
      f.brIf(done);
      body();
      f.get(offset);
      f.address(copies * 16);
      f.addressAdd();
      f.set(offset);
      f.br(again);
    });
  });
}

/**
 * Runs `body` for the last inner % 4 elements, where the range reaches the row's end. Scar: a block
 * that ends just before a tail of 1 … 3 elements is not the last one; its offset does not tell.
 */
export function tail(
  loop: LoopWriter,
  { offset, last }: Range,
  body: (position: Position) => void,
): void {
  const lanes = loop.inner % 4;
  if (lanes === 0) return;
  const { f } = loop;
  const write = (): void => {
    loop.startVector();
    body({ offset, copy: 0, lanes });
  };
  if (!last) {
    write();
    return;
  }
  f.get(last.block);
  f.i32(last.number);
  f.op("i32.eq");
  f.if(write);
}

/** The inner axis' block of a unit, and the unit with the block taken off. */
export function splitBlock(
  f: FunctionBuilder,
  unit: Local,
  blocks: number,
): { rest: Local; block: Local | null } {
  if (blocks === 1) return { rest: unit, block: null };
  const rest = f.local("i32");
  const block = f.local("i32");
  f.get(unit);
  f.i32(blocks);
  f.op("i32.div_u");
  f.set(rest);
  f.get(unit);
  f.i32(blocks);
  f.op("i32.rem_u");
  f.set(block);
  return { rest, block };
}

/** Positions of the axes but the inner one, by role, and how many rows the reduced ones make. */
export function outerRoles(axes: readonly Axis[]) {
  const outer = axes.slice(0, -1).map((axis, at) => ({ ...axis, at }));
  const kept = outer.filter(({ isReduced }) => !isReduced).map(({ at }) => at);
  const reduced = outer.filter(({ isReduced }) => isReduced);
  const rowCount = reduced.reduce((product, { size }) => product * size, 1);
  return { kept, reduced: reduced.map(({ at }) => at), rowCount };
}

export const outerAxes = (count: number): number[] =>
  Array.from({ length: Math.max(count - 1, 0) }, (_, axis) => axis);

/** Sets the first row of a chunk; returns the one after its last. */
export function chunkRows(
  f: FunctionBuilder,
  row: Local,
  { chunk, chunks, total }: { chunk: Local | null; chunks: Chunks; total: number },
): Local {
  const last = f.local("i32");
  const unitEnd = f.local("i32");
  f.i32(0);
  f.set(row);
  f.i32(total);
  f.set(unitEnd);
  if (chunk) {
    const { rest: unit, block } = splitBlock(f, chunk, chunks.blocks);
    f.get(unit);
    f.i32(chunks.unitRows);
    f.op("i32.mul");
    f.tee(row);
    f.i32(chunks.unitRows);
    f.op("i32.add");
    f.i32(total);
    minimum(f, unitEnd);
    if (block) {
      f.get(row);
      f.get(block);
      f.i32(chunks.rows);
      f.op("i32.mul");
      f.op("i32.add");
      f.set(row);
    }
  }
  f.get(row);
  f.i32(chunks.rows);
  f.op("i32.add");
  f.get(unitEnd);
  minimum(f, last);
  return last;
}

/** Two i32 on the stack: the smaller goes to `into`. */
export function minimum(f: FunctionBuilder, into: Local): void {
  const other = f.local("i32");
  f.set(other);
  f.set(into);
  f.get(into);
  f.get(other);
  f.get(into);
  f.get(other);
  f.op("i32.lt_u");
  f.select();
  f.set(into);
}

/** Vectors that a turn of the inner loop does, and how many of them go in step. */
export interface Unrolling {
  readonly copies: number;
  readonly inStep: number;
}

/** Whole vectors at the copies of one turn, as groups that go in step. */
export function groupsInStep(offset: Local, { copies, inStep }: Unrolling): Position[][] {
  const positions = Array.from({ length: copies }, (_, copy) => ({ offset, copy, lanes: 4 }));
  return Array.from({ length: copies / inStep }, (_, group) =>
    positions.slice(group * inStep, (group + 1) * inStep),
  );
}

/** Runs `write` for every vector of the range: groups in step, then single ones, then the tail. */
export function overRow(
  loop: LoopWriter,
  range: Range,
  unrolling: Unrolling,
  write: (positions: readonly Position[]) => void,
): void {
  const turn = (turned: Unrolling): void => {
    loop.startVector();
    for (const group of groupsInStep(range.offset, turned)) write(group);
  };
  for (const turned of [unrolling, single]) {
    if (loop.inner < turned.copies * 4) continue;
    vectorLoop(loop.f, range, turned.copies, () => turn(turned));
  }
  tail(loop, range, (position) => write([position]));
}

export const single: Unrolling = { copies: 1, inStep: 1 };

/** Loads from which on eight vectors in step want more registers than there are. */
const manyLoads = 6;
/** Lane instructions up to which a kernel waits for memory, and four vectors in step are enough. */
const shortChain = 35;

/**
 * How far a map or fold is unrolled. In step, the machine works on several chains at once; one after
 * the other, its schedulers (some hundred instructions) fill with the first chain's waiting ones.
 * Measured, ns a vector, 1 → 4 → 8 in step: sin 4.3 → 3.6, gelu 6.2 → 4.9, sin∘sin∘sin∘sin 32 → 18 → 15,
 * 4 → 8: exp(x - max x) of rows 4.3 → 3.3. Scar: the seed program took 2.3 ms with four and 3.6 with eight.
 */
export function unrollingOf(values: readonly KernelValue[]): Unrolling {
  const loads = values.filter(({ kind }) => kind === "load").length;
  const weight = weightOf(values);
  const copies = Math.min(sideBySide(weight), loads > manyLoads || weight <= shortChain ? 4 : 8);
  return { copies, inStep: copies };
}

/** Lane instructions that a loop is written out to at most: more take longer to compile than they save. */
const mostInstructions = 1024;

/** Vectors, a power of two of them, that a loop of so many instructions each has room for. */
export function sideBySide(weight: number): number {
  let copies = 8;
  while (copies > 1 && copies * weight > mostInstructions) copies /= 2;
  return copies;
}

/** Lane instructions of a vector. */
export const weightOf = (values: readonly KernelValue[]): number =>
  values.reduce((total, v) => total + (v.kind === "apply" ? v.body.instructions.length : 0), 0);
