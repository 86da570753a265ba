// What a product's unit packs for itself: a call of the pack's own function, for the panels of its block.

import type { Func, Local } from "../../wasm/function.ts";
import type { ContractKernel, OwnPack } from "../kernel.ts";
import { tilingOf } from "../panels.ts";
import { minimum } from "./inner-loop.ts";
import type { LoopWriter } from "./loop-writer.ts";
import { packUnits } from "./pack-code.ts";

/** The pack's function, and where its cells are among the launch's. */
export interface OwnPacking {
  readonly func: Func;
  readonly cells: number;
}

interface Packed {
  readonly kernel: ContractKernel;
  readonly own: OwnPack;
  readonly packing: OwnPacking;
  /** The unit's block on this side; null: there is but one. */
  readonly block: Local | null;
  readonly batch: Local;
}

/** Scratch is given, and then read, as if all panels lay there. */
export function packOwn(
  loop: LoopWriter,
  { kernel, own: { side, pack }, packing: { func, cells }, block, batch }: Packed,
): void {
  const { f, options } = loop;
  const { panels, panelBytes } = tilingOf(kernel.axes, kernel);
  const { block: lengths } = kernel;
  const isShared = packUnits(pack) === panels[side];
  const [from, to] = [f.local("i32"), f.local("i32")];
  const ahead = f.local(f.addressType);
  if (block) {
    f.get(block);
    f.i32(lengths[side]);
    f.op("i32.mul");
  } else f.i32(0);
  f.tee(from);
  f.i32(lengths[side]);
  f.op("i32.add");
  f.i32(panels[side]);
  minimum(f, to);
  f.get(from);
  f.addressFromI32();
  f.address(panelBytes[side]);
  f.addressMul();
  f.set(ahead);
  f.get(options.args);
  f.address(cells * 8);
  f.addressAdd();
  for (const end of [from, to]) {
    f.get(end);
    if (isShared) continue;
    f.get(batch);
    f.i32(panels[side]);
    f.op("i32.mul");
    f.op("i32.add");
  }
  for (const start of [options.scratch, loop.pointers[kernel[side]] as Local]) {
    f.get(start);
    f.get(ahead);
    f.addressOp("sub");
    if (start === options.scratch) f.call(func);
    else f.set(start);
  }
}
