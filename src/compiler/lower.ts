// lower: one chain of loops → one kernel.

import { sizeOf } from "../base/shapes.ts";
import { accessOf, cutStrides, identityAccess } from "./access.ts";
import type { Buffers } from "./buffers.ts";
import type { Chain } from "./chain.ts";
import { blockElementsOf } from "./flatten.ts";
import type { Group } from "./group.ts";
import type { Held } from "./inline.ts";
import type { Axis, Kernel, LoopKernel, Pass, Reduction, Store, Stream } from "./kernel.ts";
import { LoopBody } from "./loop-body.ts";
import { blockOf, packedSize } from "./panels.ts";
import type { Operand, Step } from "./step.ts";

/** One chain on its way to a kernel. */
export class Lowering {
  private readonly body: LoopBody;

  constructor(
    private readonly chain: Chain,
    private readonly held: Held,
    buffers: Buffers,
  ) {
    this.body = new LoopBody(chain, buffers, held);
  }

  kernel(): Kernel | null {
    const [first] = (this.chain.groups[0] as Group).body;
    if (first?.kind === "blank") return null;
    if (first?.kind === "scatter") return this.scatterKernel(first);
    if (first?.kind === "compact") return this.compactKernel(first);
    if (first?.kind === "pack") return this.packKernel(first);
    if (first?.kind === "contract") return this.contractKernel(first);
    if (first?.kind === "scan") return this.body.isStored(first) ? this.scanKernel(first) : null;
    if (first?.kind === "sort") return this.body.isStored(first) ? this.sortKernel(first) : null;
    const passes = this.chain.groups.map((group) => this.pass(group));
    if (!passes.some(({ stores, epilogue }) => stores.length + epilogue.length > 0)) return null;
    return this.finish(passes.filter((pass) => !isIdle(pass)));
  }

  private pass(group: Group): Pass {
    this.body.startPass(group);
    const from = this.body.values.length;
    const stores: Store[] = [];
    const reductions: Reduction[] = [];
    for (const step of group.body) {
      if (step.kind === "reduce") {
        const value = this.body.operand(step.operands[0] as Operand);
        reductions.push({ value, reducer: step.reducer });
      } else if (step.kind === "place") {
        stores.push(
          this.body.store(this.body.operand(step.operands[0] as Operand), step, step.window),
        );
      } else if (this.body.isStored(step)) {
        stores.push(this.body.store(this.body.value(step, null), step, this.body.ownAccess(step)));
      }
    }
    const to = this.body.values.length;
    const epilogue = this.epilogueStores(group);
    const after = { from: to, to: this.body.values.length };
    return { body: { from, to }, stores, reductions, after, epilogue };
  }

  private epilogueStores({ body, epilogue }: Group): Store[] {
    const stores: Store[] = [];
    const folds = body.filter(({ kind }) => kind === "reduce" || kind === "contract");
    this.body.finishPass(folds);
    for (const step of [...folds, ...epilogue]) {
      if (!this.held.materialized.has(step)) continue;
      const access = this.body.overReduced(identityAccess(step.shape));
      stores.push(this.body.store(this.body.finishedValue(step), step, access));
    }
    return stores;
  }

  private scatterKernel(step: Step & { kind: "scatter" }): Kernel {
    const [index, value] = step.operands.map((operand) => this.body.operand(operand)) as [
      number,
      number,
    ];
    const target = this.body.walk(this.body.buffers.of(step), step.dtype, step.window);
    const isScattered = (axis: number): boolean => axis === step.axis;
    const { axes, streams, values } = this.body.cut(isScattered);
    const { stride, extent, combine } = step;
    return {
      kind: "scatter",
      label: this.body.label(),
      axes,
      streams,
      values,
      index,
      value,
      target,
      stride,
      extent,
      combine,
      fill: null,
      size: sizeOf(step.space),
    };
  }

  private scanKernel(step: Step & { kind: "scan" }): Kernel {
    const { space, axis: scanned, scanner } = step;
    const inputs = step.operands.map((operand) => this.body.operand(operand));
    const store = this.body.walk(this.body.buffers.of(step), step.dtype, step.window);
    const extent = {
      before: sizeOf(space.slice(0, scanned)),
      along: space[scanned] ?? 1,
      behind: sizeOf(space.slice(scanned + 1)),
    };
    const cut = this.body.cut((axis) => axis === scanned);
    const common = { label: this.body.label(), ...cut, size: sizeOf(space) };
    return { kind: "scan", ...common, inputs, scanner, store, extent };
  }

  private sortKernel(step: Step & { kind: "sort" }): Kernel {
    const { space } = step;
    const last = space.length - 1;
    const value = this.body.operand(step.operands[0] as Operand);
    const target = this.body.walk(this.body.buffers.of(step), step.dtype, identityAccess(space));
    const along = space[last] as number;
    const size = sizeOf(space);
    const cut = this.body.cut((axis) => axis === last);
    const common = { label: this.body.label(), ...cut, size };
    return { kind: "sort", ...common, value, target, extent: { rows: size / along, along } };
  }

  private compactKernel(step: Step & { kind: "compact" }): Kernel {
    const [value, mask] = step.operands.slice(0, 2).map((operand) => this.body.operand(operand));
    const { source, access } = step.operands[2] as Operand;
    const starts = this.body.table(source, access);
    const target = this.body.walk(this.body.buffers.of(step), step.dtype, access);
    const cut = this.body.cut(() => true);
    const reaches = new Map([
      [starts, Math.ceil(sizeOf(step.space) / step.block)],
      [target, sizeOf(step.shape) - 1],
    ]);
    const streams = cut.streams.map((stream, at) => ({ ...stream, reach: reaches.get(at) ?? 0 }));
    const common = { label: this.body.label(), ...cut, streams, size: sizeOf(step.space) };
    const { block } = step;
    return {
      kind: "compact",
      ...common,
      value: value as number,
      mask: mask as number,
      starts,
      target,
      block,
    };
  }

  private packKernel(step: Step & { kind: "pack" }): Kernel {
    const value = this.body.operand(step.operands[0] as Operand);
    const target = this.body.walks.length;
    const { space, width } = step;
    const [batch = 1] = space;
    const whole = packedSize(space, width);
    const cuts = this.body.cutsOf(this.body.walks.map(({ access }) => access));
    const axes = cuts.flatMap((sizes) => sizes.map((size): Axis => ({ size, isReduced: false })));
    const { streams, values } = this.body.walked((access) => cutStrides(access, cuts));
    const own = { buffer: this.body.buffers.of(step), dtype: step.dtype, offset: 0, steps: null };
    const [batches = [], rows = []] = cuts;
    const perBatch = cutStrides(
      accessOf({ shape: space, strides: [whole / batch, 0, 0], offset: 0 }),
      cuts,
    );
    const packed = { ...own, strides: perBatch, reach: whole / batch - 1 };
    const parts = { batchAxes: batches.length, rowAxes: rows.length };
    const rest = { streams: [...streams, packed], values, value, target, width };
    return { kind: "pack", label: this.body.label(), axes, ...parts, ...rest, size: sizeOf(space) };
  }

  private contractKernel(step: Step & { kind: "contract" }): Kernel {
    const stores = this.epilogueStores(this.chain.groups[0] as Group);
    const { axes, streams, values } = this.body.uncut();
    const panels = step.operands.map(({ source }): Stream => {
      const packed = source as Step;
      const [batch = 1] = packed.space;
      const whole = sizeOf(packed.shape) / batch;
      const strides = axes.map((_, axis) =>
        axis === 0 && axes.length > 2 && batch > 1 ? whole : 0,
      );
      const own = {
        buffer: this.body.buffers.of(packed),
        dtype: step.dtype,
        offset: 0,
        steps: null,
      };
      return { ...own, strides, reach: whole - 1 };
    });
    const [a, b] = [streams.length, streams.length + 1];
    const { dtype, widths, depth } = step;
    const block = blockOf(axes, widths);
    const common = { label: this.body.label(), axes, streams: [...streams, ...panels], values };
    const what = { a, b, dtype, widths, depth, stores, block, own: [] };
    return { kind: "contract", ...common, ...what, size: sizeOf(step.space) };
  }

  private finish(passes: readonly Pass[]): LoopKernel {
    const reduced = this.chain.axes ?? [];
    const cut = this.body.cut((axis) => reduced.includes(axis));
    const blockElements = blockElementsOf(this.chain.space);
    const size = sizeOf(this.chain.space);
    return { kind: "loop", label: this.body.label(), ...cut, passes, size, blockElements };
  }
}

const isIdle = ({ stores, reductions, epilogue }: Pass): boolean =>
  stores.length + reductions.length + epilogue.length === 0;
