// One function per kernel: (args, begin, end, scratch) runs units [begin, end) of its outputs. What a unit is
// stands with each kind; `unitsOf` and the code must agree, so they stand side by side.

import type { FunctionBuilder, Local } from "../../wasm/function.ts";
import type { ModuleBuilder } from "../../wasm/module.ts";
import type { ContractKernel, RunnableKernel } from "../kernel.ts";
import { bucketIndexCode, bucketIndexUnits, bucketStartsCode } from "./bucket-code.ts";
import { bucketScatterCode, bucketScatterUnits } from "./bucket-scatter-code.ts";
import { carryCode } from "./carry-code.ts";
import { columnRowsOf, columnsCode, columnsUnits } from "./columns-code.ts";
import { compactCode, compactUnits } from "./compact-code.ts";
import { contractCode, contractUnits } from "./contract-code.ts";
import { IndexCheck, mayFault } from "./index-check.ts";
import { cellsOf, LoopWriter } from "./loop-writer.ts";
import { mapCode, mapUnits } from "./map-code.ts";
import { mergeCode } from "./merge-code.ts";
import type { OwnPacking } from "./own-pack-code.ts";
import { packCode, packUnits } from "./pack-code.ts";
import { rowsCode, rowsUnits } from "./rows-code.ts";
import { scanColumnsCode, scanColumnsUnits } from "./scan-columns-code.ts";
import { scanRowsCode, scanRowsUnits } from "./scan-rows-code.ts";
import { scatterCode, scatterUnits } from "./scatter-code.ts";
import { mergeRunsCode, mergeRunsUnits } from "./sort-merge-code.ts";
import { sortRunsCode, sortRunsUnits } from "./sort-runs-code.ts";
import { tilesCode, tilesUnits } from "./tiles-code.ts";

const tiled = new Set<RunnableKernel["kind"]>(["tiles", "pack", "contract"]);

/** What goes through several rows at a time. */
const isOfSeveralRows = (kernel: RunnableKernel): boolean =>
  tiled.has(kernel.kind) || (kernel.kind === "columns" && columnRowsOf(kernel) > 1);

/** Writes the kernel as an exported function of the module. */
export function writeKernel(module: ModuleBuilder, name: string, kernel: RunnableKernel): void {
  const params = paramsOf(module);
  const packing = kernel.kind === "contract" ? ownPacking(module, name, kernel) : [];
  module.func(name, params, [], (f, ...given) => writeUnits(module, kernel, { f, given, packing }));
}

const paramsOf = ({ addressType }: ModuleBuilder) =>
  [addressType, "i32", "i32", addressType] as const;

/** Functions of their own for what a product's units pack. */
function ownPacking(module: ModuleBuilder, name: string, kernel: ContractKernel): OwnPacking[] {
  let cells = cellsOf(kernel, mayFault(kernel)).length;
  return kernel.own.map(({ side, pack }) => {
    const func = module.internal(`${name}, ${side} packed`, paramsOf(module), [], (f, ...given) =>
      writeUnits(module, pack, { f, given, packing: [] }),
    );
    const packing = { func, cells };
    cells += cellsOf(pack, mayFault(pack)).length;
    return packing;
  });
}

interface Within {
  readonly f: FunctionBuilder;
  /** (args, begin, end, scratch) */
  readonly given: readonly [Local, Local, Local, Local];
  readonly packing: readonly OwnPacking[];
}

function writeUnits(
  module: ModuleBuilder,
  kernel: RunnableKernel,
  { f, given: [args, begin, end, scratch], packing }: Within,
): void {
  const faults = mayFault(kernel);
  const isTiled = isOfSeveralRows(kernel);
  const isRelaxed = module.simd === "relaxed";
  const isFoldedByRow = kernel.kind === "rows";
  const options = { isRelaxed, faults, args, scratch, isTiled, isFoldedByRow };
  const loop = new LoopWriter(f, kernel, options);
  if (faults) new IndexCheck(loop, args);
  forUnits(f, begin, end, kernelBody(kernel, loop, packing));
}

/** Prepares what stands before the loop over units; returns what is written for one unit. */
function kernelBody(
  kernel: RunnableKernel,
  loop: LoopWriter,
  packing: readonly OwnPacking[],
): (unit: Local) => void {
  switch (kernel.kind) {
    case "map":
      return mapCode(kernel, loop);
    case "tiles":
      return tilesCode(kernel, loop);
    case "pack":
      return packCode(kernel, loop);
    case "contract":
      return contractCode(kernel, loop, packing);
    case "rows":
      return rowsCode(kernel, loop);
    case "columns":
      return columnsCode(kernel, loop);
    case "merge":
      return mergeCode(kernel, loop);
    case "scatter":
      return scatterCode(kernel, loop);
    case "bucketCount":
    case "bucketPlace":
      return bucketIndexCode(kernel, loop);
    case "bucketStarts":
      return bucketStartsCode(kernel, loop);
    case "bucketScatter":
      return bucketScatterCode(kernel, loop);
    case "compact":
      return compactCode(kernel, loop);
    case "scanRows":
      return scanRowsCode(kernel, loop);
    case "scanColumns":
      return scanColumnsCode(kernel, loop);
    case "carry":
      return carryCode(kernel, loop);
    case "sortRuns":
      return sortRunsCode(kernel, loop);
    case "mergeRuns":
      return mergeRunsCode(kernel, loop);
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
    case "carry":
      return mapUnits(kernel.axes);
    case "tiles":
      return tilesUnits(kernel.axes);
    case "pack":
      return packUnits(kernel);
    case "contract":
      return contractUnits(kernel);
    case "rows":
      return rowsUnits(kernel);
    case "columns":
      return columnsUnits(kernel);
    case "scatter":
      return scatterUnits(kernel);
    case "bucketCount":
    case "bucketPlace":
      return bucketIndexUnits(kernel);
    case "bucketStarts":
      return 1;
    case "bucketScatter":
      return bucketScatterUnits(kernel);
    case "compact":
      return compactUnits(kernel);
    case "scanRows":
      return scanRowsUnits(kernel);
    case "scanColumns":
      return scanColumnsUnits(kernel);
    case "sortRuns":
      return sortRunsUnits(kernel);
    case "mergeRuns":
      return mergeRunsUnits(kernel);
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
