// carry: each chunk's total becomes what all chunks before it come to, merged in order, in place. A unit
// is a block of a kept row.

import { dtypes } from "../../base/dtypes.ts";
import type { Local } from "../../wasm/function.ts";
import type { CarryKernel, Stream } from "../kernel.ts";
import { blockElements, blockRange, outerAxes, overRow, single, splitBlock } from "./inner-loop.ts";
import type { LoopWriter } from "./loop-writer.ts";
import { repeat } from "./merge-code.ts";
import type { Position } from "./position.ts";
import { ScanCode } from "./scan-code.ts";
import type { State } from "./state-code.ts";

export function carryCode(kernel: CarryKernel, loop: LoopWriter): (unit: Local) => void {
  const { f, inner } = loop;
  const scan = new ScanCode(loop, { scanner: kernel.scanner, inputs: [] });
  const blocks = Math.ceil(inner / blockElements);
  return (unit) => {
    const { rest, block } = splitBlock(f, unit, blocks);
    loop.decode(rest, outerAxes(kernel.axes.length));
    loop.startRow({ from: 0, to: 0 });
    const range = blockRange(f, block, { inner, length: blockElements });
    overRow(loop, range, single, ([position]) => {
      carryAt({ kernel, loop, scan }, { ...(position as Position), lanes: 4 });
    });
  };
}

interface Writers {
  readonly kernel: CarryKernel;
  readonly loop: LoopWriter;
  readonly scan: ScanCode;
}

function carryAt({ kernel, loop, scan }: Writers, position: Position): void {
  const { f } = loop;
  const pointers = (kernel.partials.streams[0] as readonly number[]).map((stream) => {
    const pointer = f.local(f.addressType);
    f.get(loop.pointers[stream] as Local);
    f.set(pointer);
    return { pointer, dtype: (kernel.streams[stream] as Stream).dtype, stride: 1 };
  });
  const load = (): State =>
    pointers.map((walker, s) => {
      const { type } = kernel.scanner.state[s] as CarryKernel["scanner"]["state"][number];
      return { ...loop.loadFrom(walker, position), type };
    });
  const storeAndGoOn = (state: State): void =>
    pointers.forEach((walker, s) => {
      loop.storeTo(walker, state[s] as State[number], position);
      f.get(walker.pointer);
      f.address(kernel.partials.chunkStride * dtypes[walker.dtype].bytes);
      f.addressAdd();
      f.set(walker.pointer);
    });
  const carry = scan.declare();
  scan.move(carry, load());
  storeAndGoOn(scan.initial());
  repeat(loop, kernel.chunkCount - 1, () => {
    const total = load();
    storeAndGoOn(carry);
    scan.move(carry, scan.merge(carry, total));
  });
}
