// One function per kernel: (args, begin, end) runs units [begin, end) of its outputs. What a unit is
// stands with each kind; `unitsOf` and the code must agree, so they stand side by side.

import type { FunctionBuilder, Local } from "../../wasm/function.ts";
import type { ModuleBuilder } from "../../wasm/module.ts";
import type { RunnableKernel } from "../kernel.ts";
import { columnsCode, columnsUnits } from "./columns-code.ts";
import { IndexCheck, mayFault } from "./index-check.ts";
import { LoopWriter } from "./loop-writer.ts";
import { mapCode, mapUnits } from "./map-code.ts";
import { mergeCode } from "./merge-code.ts";
import { rowsCode, rowsUnits } from "./rows-code.ts";
import { scatterCode, scatterUnits } from "./scatter-code.ts";

/** Writes the kernel as an exported function of the module. */
export function writeKernel(module: ModuleBuilder, name: string, kernel: RunnableKernel): void {
  module.func(name, [module.addressType, "i32", "i32"], [], (f, args, begin, end) => {
    const faults = mayFault(kernel);
    const isRelaxed = module.simd === "relaxed";
    const loop = new LoopWriter(f, kernel, { isRelaxed, faults, args });
    if (faults) new IndexCheck(loop, args);
    forUnits(f, begin, end, kernelBody(kernel, loop));
  });
}

/** Prepares what stands before the loop over units; returns what is written for one unit. */
function kernelBody(kernel: RunnableKernel, loop: LoopWriter): (unit: Local) => void {
  switch (kernel.kind) {
    case "map":
      return mapCode(kernel, loop);
    case "rows":
      return rowsCode(kernel, loop);
    case "columns":
      return columnsCode(kernel, loop);
    case "merge":
      return mergeCode(kernel, loop);
    case "scatter":
      return scatterCode(kernel, loop);
    default: {
      const unreachable: never = kernel;
      return unreachable;
    }
  }
}

export function unitsOf(kernel: RunnableKernel): number {
  switch (kernel.kind) {
    case "map":
    case "merge":
      return mapUnits(kernel.axes);
    case "rows":
      return rowsUnits(kernel);
    case "columns":
      return columnsUnits(kernel);
    case "scatter":
      return scatterUnits(kernel);
    default: {
      const unreachable: never = kernel;
      return unreachable;
    }
  }
}

function forUnits(f: FunctionBuilder, begin: Local, end: Local, body: (unit: Local) => void): void {
  const unit = f.local("i32");
  f.get(begin);
  f.set(unit);
  f.loop((again) => {
    body(unit);
    f.get(unit);
    f.i32(1);
    f.op("i32.add");
    f.tee(unit);
    f.get(end);
    f.op("i32.lt_u");
    f.brIf(again);
  });
}
