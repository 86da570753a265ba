// merge: the chunks' states of every kept element, merged in a fixed order, then the epilogue. Chunk i
// goes to accumulator i mod 4, so that a long sum is not one chain. A unit is a block of a kept row.

import { dtypes } from "../../base/dtypes.ts";
import type { Local } from "../../wasm/function.ts";
import type { MergeKernel } from "../kernel.ts";
import { blockElements, blockRange, outerAxes, overRow, single, splitBlock } from "./inner-loop.ts";
import type { LoopWriter } from "./loop-writer.ts";
import type { Position } from "./position.ts";
import type { Register } from "./register.ts";
import { type State, StateCode } from "./state-code.ts";

const accumulators = 4;

export function mergeCode(kernel: MergeKernel, loop: LoopWriter): (unit: Local) => void {
  const { f, inner } = loop;
  const states = new StateCode(loop, kernel.reductions);
  const blocks = Math.ceil(inner / blockElements);
  const write = (position: Position): void => mergeAt(kernel, loop, states, position);
  return (unit) => {
    const { rest, block } = splitBlock(f, unit, blocks);
    loop.decode(rest, outerAxes(kernel.axes.length));
    loop.startRow({ from: 0, to: kernel.values.length });
    const range = blockRange(f, block, { inner, length: blockElements });
    overRow(loop, range, single, ([position]) => write(position as Position));
  };
}

function mergeAt(
  kernel: MergeKernel,
  loop: LoopWriter,
  states: StateCode,
  position: Position,
): void {
  kernel.reductions.forEach((_, r) => {
    const finished = mergeReduction(kernel, loop, { states, r, position });
    kernel.values.forEach((value, at) => {
      if (value.kind === "reduced" && value.reduction === r) loop.setValue(at, finished);
    });
  });
  for (const { value, stream } of kernel.epilogue) {
    loop.store(stream, loop.value(value, position), position);
  }
}

interface At {
  readonly states: StateCode;
  readonly r: number;
  readonly position: Position;
}

function mergeReduction(
  kernel: MergeKernel,
  loop: LoopWriter,
  { states, r, position }: At,
): Register {
  const { f } = loop;
  const running = Array.from({ length: accumulators }, () => states.declare()[r] as State);
  for (const state of running) states.startOne(r, state);
  const pointers = kernel.partials.streams[r]?.map((stream) => {
    const pointer = f.local(f.addressType);
    f.get(loop.pointers[stream] as Local);
    f.set(pointer);
    return { pointer, stream };
  }) as { pointer: Local; stream: number }[];
  const takeChunk = (accumulator: number): void => {
    const other = pointers.map(({ pointer, stream }, s) => {
      const { dtype } = kernel.streams[stream] as MergeKernel["streams"][number];
      const stride = kernel.axes.length === 0 ? 0 : 1;
      const loaded = loop.loadFrom({ pointer, dtype, stride }, { ...position, lanes: 4 });
      f.get(pointer);
      f.address(kernel.partials.chunkStride * dtypes[dtype].bytes);
      f.addressAdd();
      f.set(pointer);
      return { ...loaded, type: kernel.reductions[r]?.reducer.state[s]?.type ?? loaded.type };
    });
    states.merge(r, running[accumulator] as State, other);
  };
  const rounds = Math.floor(kernel.chunkCount / accumulators);
  if (rounds > 0) repeat(loop, rounds, () => running.forEach((_, at) => takeChunk(at)));
  for (let at = 0; at < kernel.chunkCount % accumulators; at++) takeChunk(at);
  const [a0, a1, a2, a3] = running as [State, State, State, State];
  states.merge(r, a0, a1);
  states.merge(r, a2, a3);
  states.merge(r, a0, a2);
  return states.finish(r, a0);
}

export function repeat({ f }: LoopWriter, times: number, body: () => void): void {
  const left = f.local("i32");
  f.i32(times);
  f.set(left);
  f.loop((again) => {
    body();
    f.get(left);
    f.i32(1);
    f.op("i32.sub");
    f.tee(left);
    f.brIf(again);
  });
}
