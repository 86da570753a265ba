// contract: sums of products, a tile of them in registers at a time, down the whole depth (or a piece of
// it); what follows is computed on the tile before it is stored. A unit is a block of tiles.
//
//              b: 8 rows, two vectors          for k in depth:
//   a: 6 rows   s00 s01                          b0, b1 ← panel of b
//               …   …                            for each row r of a:
//               s50 s51                            x ← panel of a, in all lanes;  s[r] += x·b
//
// 12 sums, 2 of b and 1 of a are the 15 registers that V8 leaves. A panel of b stays in the nearest
// cache while the block's panels of a pass by.

import { dtypes } from "../../base/dtypes.ts";
import { sizeOf } from "../../base/shapes.ts";
import type { Local } from "../../wasm/function.ts";
import type { ContractKernel } from "../kernel.ts";
import { depthPieces, tilingOf } from "../panels.ts";
import type { Sides } from "../step.ts";
import { minimum, splitBlock } from "./inner-loop.ts";
import type { LoopWriter } from "./loop-writer.ts";
import { type OwnPacking, packOwn } from "./own-pack-code.ts";
import type { Position } from "./position.ts";
import type { Register } from "./register.ts";

/** Steps down the depth in one turn of the loop. */
const unrolled = 4;

interface Cut {
  readonly widths: Sides;
  readonly block: Sides;
  /** Panels of a and of b. */
  readonly panels: Sides;
  readonly panelBytes: Sides;
}

function cutOf(kernel: ContractKernel): Cut {
  const { widths, block } = kernel;
  const { panels, panelBytes } = tilingOf(kernel.axes, kernel);
  return { widths, block, panels, panelBytes };
}

export function contractUnits(kernel: ContractKernel): number {
  const { block, panels } = cutOf(kernel);
  const batch = sizeOf(kernel.axes.slice(0, -2).map(({ size }) => size));
  return batch * Math.ceil(panels.a / block.a) * Math.ceil(panels.b / block.b);
}

/** `packing`: one for each of the kernel's own packs. */
export function contractCode(
  kernel: ContractKernel,
  loop: LoopWriter,
  packing: readonly OwnPacking[],
): (unit: Local) => void {
  const writer = new ContractWriter(kernel, loop, packing);
  return (unit) => writer.unit(unit);
}

class ContractWriter {
  private readonly cut: Cut;
  private readonly bytes: number;
  private readonly type: "f32" | "f64" | "i32";
  /** [row of a][vector of b] */
  private readonly totals: readonly (readonly Local<"v128">[])[];
  private readonly panel: { readonly a: Local<"i32">; readonly b: Local<"i32"> };
  private readonly pointer: { readonly a: Local; readonly b: Local };
  private readonly rowAxis: number;

  constructor(
    private readonly kernel: ContractKernel,
    private readonly loop: LoopWriter,
    private readonly packing: readonly OwnPacking[],
  ) {
    const { f } = loop;
    this.cut = cutOf(kernel);
    const { bytes, lane } = dtypes[kernel.dtype];
    this.bytes = bytes;
    this.type = lane as "f32" | "f64" | "i32";
    this.rowAxis = kernel.axes.length - 2;
    const vectors = (this.cut.widths.b * bytes) / 16;
    this.totals = Array.from({ length: this.cut.widths.a }, () =>
      Array.from({ length: vectors }, () => f.local("v128")),
    );
    this.panel = { a: f.local("i32"), b: f.local("i32") };
    this.pointer = { a: f.local(f.addressType), b: f.local(f.addressType) };
  }

  unit(unit: Local): void {
    const { loop, cut, kernel } = this;
    const across = splitBlock(loop.f, unit, Math.ceil(cut.panels.b / cut.block.b));
    const down = splitBlock(loop.f, across.rest, Math.ceil(cut.panels.a / cut.block.a));
    loop.decode(
      down.rest,
      Array.from({ length: this.rowAxis }, (_, axis) => axis),
    );
    loop.f.i32(0);
    loop.f.set(loop.indices[this.rowAxis] as Local);
    loop.startRow({ from: 0, to: 0 }, (stream) => stream === kernel.a || stream === kernel.b);
    kernel.own.forEach((own, at) => {
      const block = own.side === "a" ? down.block : across.block;
      packOwn(loop, {
        kernel,
        own,
        packing: this.packing[at] as OwnPacking,
        block,
        batch: down.rest,
      });
    });
    const { count, length } = depthPieces(this.kernel.depth);
    for (let piece = 0; piece < count; piece++) {
      const from = piece * length;
      const depth = Math.min(length, this.kernel.depth - from);
      this.overPanels("b", across.block, () =>
        this.overPanels("a", down.block, () => {
          this.begin(piece > 0);
          this.goDown(from, depth);
          if (piece < count - 1) this.keep();
          else this.finish();
        }),
      );
    }
  }

  /** Runs `body` for each of the block's panels of one side. */
  private overPanels(side: "a" | "b", block: Local | null, body: () => void): void {
    const { f } = this.loop;
    const { panels, block: lengths } = this.cut;
    const [panel, end] = [this.panel[side], f.local("i32")];
    if (block) {
      f.get(block);
      f.i32(lengths[side]);
      f.op("i32.mul");
    } else f.i32(0);
    f.tee(panel);
    f.i32(lengths[side]);
    f.op("i32.add");
    f.i32(panels[side]);
    minimum(f, end);
    f.loop((again) => {
      body();
      f.get(panel);
      f.i32(1);
      f.op("i32.add");
      f.tee(panel);
      f.get(end);
      f.op("i32.lt_u");
      f.brIf(again);
    });
  }

  private begin(isKept: boolean): void {
    const { f } = this.loop;
    const at = isKept ? this.keptAt() : null;
    this.totals.flat().forEach((total, n) => {
      if (at) {
        f.get(at);
        f.load("v128.load", { offset: n * 16 });
      } else f.v128(new Uint8Array(16));
      f.set(total);
    });
  }

  private keep(): void {
    const { f } = this.loop;
    const at = this.keptAt();
    this.totals.flat().forEach((total, n) => {
      f.get(at);
      f.get(total);
      f.store("v128.store", { offset: n * 16 });
    });
  }

  /** Where the tile's totals are kept between pieces, in scratch. */
  private keptAt(): Local {
    const { f, options } = this.loop;
    const { block } = this.cut;
    const at = f.local(f.addressType);
    const tile = this.totals.flat().length * 16;
    f.get(options.scratch);
    for (const [side, stride] of [
      ["b", block.a * tile],
      ["a", tile],
    ] as const) {
      f.get(this.panel[side]);
      f.i32(block[side]);
      f.op("i32.rem_u");
      f.addressFromI32();
      f.address(stride);
      f.addressMul();
      f.addressAdd();
    }
    f.set(at);
    return at;
  }

  private goDown(from: number, depth: number): void {
    const { f } = this.loop;
    this.point("a", from);
    this.point("b", from);
    const turns = Math.floor(depth / unrolled);
    const left = f.local("i32");
    if (turns > 0) {
      f.i32(turns);
      f.set(left);
      f.loop((again) => {
        for (let step = 0; step < unrolled; step++) this.step(step);
        this.advance(unrolled);
        f.get(left);
        f.i32(1);
        f.op("i32.sub");
        f.tee(left);
        f.brIf(again);
      });
    }
    for (let step = 0; step < depth % unrolled; step++) this.step(step);
  }

  /** To the panel at hand of one side, `from` columns in. */
  private point(side: "a" | "b", from: number): void {
    const { loop, kernel, bytes } = this;
    const { f } = loop;
    const column = this.cut.widths[side] * bytes;
    f.get(loop.pointers[kernel[side]] as Local);
    loop.addScaled(this.panel[side], kernel.depth * column);
    if (from > 0) {
      f.address(from * column);
      f.addressAdd();
    }
    f.set(this.pointer[side]);
  }

  private advance(columns: number): void {
    const { f } = this.loop;
    for (const side of ["a", "b"] as const) {
      f.get(this.pointer[side]);
      f.address(columns * this.cut.widths[side] * this.bytes);
      f.addressAdd();
      f.set(this.pointer[side]);
    }
  }

  /** One column of both panels, `ahead` of the pointers. */
  private step(ahead: number): void {
    const { f } = this.loop;
    const { widths } = this.cut;
    const right = (this.totals[0] as readonly Local<"v128">[]).map((_, vector) => {
      const local = f.local("v128");
      f.get(this.pointer.b);
      f.load("v128.load", { offset: ahead * widths.b * this.bytes + vector * 16, align: 2 });
      f.set(local);
      return local;
    });
    const splat = this.bytes === 8 ? "v128.load64_splat" : "v128.load32_splat";
    const left = f.local("v128");
    this.totals.forEach((row, r) => {
      f.get(this.pointer.a);
      f.load(splat, { offset: (ahead * widths.a + r) * this.bytes, align: 2 });
      f.set(left);
      row.forEach((total, vector) => {
        this.addProduct(left, right[vector] as Local<"v128">, total);
      });
    });
  }

  private addProduct(x: Local<"v128">, y: Local<"v128">, total: Local<"v128">): void {
    const { f, options } = this.loop;
    const shape = { f32: "f32x4", f64: "f64x2", i32: "i32x4" } as const;
    const { [this.type]: lanes } = shape;
    if (options.isRelaxed && lanes !== "i32x4") {
      f.get(x);
      f.get(y);
      f.get(total);
      f.op(`${lanes}.relaxed_madd`);
    } else {
      f.get(total);
      f.get(x);
      f.get(y);
      f.op(`${lanes}.mul`);
      f.op(`${lanes}.add`);
    }
    f.set(total);
  }

  /** Computes what follows on the tile, and stores it: in one go where the tile is whole. */
  private finish(): void {
    const { loop, kernel, cut, panel } = this;
    const { f } = loop;
    const [rows = 1, columns = 1] = kernel.axes.slice(-2).map(({ size }) => size);
    const offset = f.local(f.addressType);
    f.get(panel.b);
    f.addressFromI32();
    f.address(cut.widths.b * 4);
    f.addressMul();
    f.set(offset);
    f.get(panel.a);
    f.i32(cut.widths.a);
    f.op("i32.mul");
    f.set(loop.indices[this.rowAxis] as Local);
    const isOfResult = (stream: number): boolean => stream !== kernel.a && stream !== kernel.b;
    loop.startRow({ from: 0, to: kernel.values.length }, isOfResult);
    loop.startRowsAfter(cut.widths.a - 1, isOfResult);
    const whole = () => this.storeRows(offset, cut.widths.b, null);
    const rightmost = () => this.storeRows(offset, columns % cut.widths.b, rows);
    const lowest = () => this.storeRows(offset, cut.widths.b, rows);
    const isLast = (side: "a" | "b") => {
      f.get(panel[side]);
      f.i32(cut.panels[side] - 1);
      f.op("i32.eq");
    };
    const inColumns = (write: () => void): void => {
      if (columns % cut.widths.b === 0) write();
      else {
        isLast("b");
        f.if(rightmost, write);
      }
    };
    if (rows % cut.widths.a === 0) inColumns(whole);
    else {
      isLast("a");
      f.if(
        () => inColumns(lowest),
        () => inColumns(whole),
      );
    }
  }

  /** The first columns of the tile; of rows that are there, when there may be less of them. */
  private storeRows(offset: Local, columns: number, rows: number | null): void {
    const { loop } = this;
    const { f } = loop;
    const vectors = Math.ceil(columns / 4);
    const positionsOf = (row: number): Position[] =>
      Array.from({ length: vectors }, (_, copy) => {
        return { offset, copy, lanes: Math.min(4, columns - copy * 4), row };
      });
    const all = this.totals.map((_, row) => positionsOf(row));
    if (rows === null) {
      this.store(all.flat());
      return;
    }
    all.forEach((positions, row) => {
      f.get(loop.indices[this.rowAxis] as Local);
      f.i32(row);
      f.op("i32.add");
      f.i32(rows);
      f.op("i32.lt_u");
      f.if(() => this.store(positions));
    });
  }

  private store(positions: readonly Position[]): void {
    const { loop, kernel } = this;
    loop.startVector();
    const product = kernel.values.findIndex(({ kind }) => kind === "product");
    for (const position of positions) loop.setValue(product, this.register(position), position);
    const wanted = kernel.stores.map(({ value }) => value);
    loop.writeInStep(wanted, positions);
    for (const position of positions) {
      for (const { value, stream } of kernel.stores) {
        loop.store(stream, loop.value(value, position), position);
      }
    }
  }

  /** Four lanes of a row of the tile. */
  private register({ row = 0, copy }: Position): Register {
    const totals = this.totals[row] as readonly Local<"v128">[];
    const parts = this.type === "f64" ? totals.slice(copy * 2, copy * 2 + 2) : [totals[copy]];
    return { type: this.type, parts: parts as Local<"v128">[] };
  }
}
