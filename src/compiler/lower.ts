// lower: one chain of loops → one kernel. Views and repeated values are folded in, axes cut so that every
// stream moves by strides, then merged where all streams run on without a break.

import { dtypes } from "../base/dtypes.ts";
import { contiguousStrides, showShape, sizeOf } from "../base/shapes.ts";
import {
  type Access,
  accessOf,
  commonCuts,
  cutStrides,
  identityAccess,
  plainStrides,
} from "./access.ts";
import type { Buffers } from "./buffers.ts";
import type { Chain } from "./chain.ts";
import { blockElementsOf, inOneRun, keepReductionOrder } from "./flatten.ts";
import type { Group } from "./group.ts";
import { composeInto, type Held } from "./inline.ts";
import type {
  Axis,
  Buffer,
  Kernel,
  KernelValue,
  LoopKernel,
  Pass,
  Reduction,
  Store,
  Stream,
} from "./kernel.ts";
import { packedSize } from "./panels.ts";
import { isStep, type Operand, type PointwiseStep, type Source, type Step } from "./step.ts";

interface Walk {
  readonly buffer: Buffer;
  readonly dtype: Stream["dtype"];
  readonly access: Access;
}

/** One chain on its way to a kernel. */
export class Lowering {
  private readonly walks: Walk[] = [];
  private readonly values: KernelValue[] = [];
  private readonly accesses: (Access | null)[] = [];
  private readonly known = new Map<string, number>();
  /** Values of finished folds and of what was made of them, for all passes that follow. */
  private readonly finished = new Map<Step, number>();
  /** The pass at hand. */
  private group: Group;

  constructor(
    private readonly chain: Chain,
    private readonly held: Held,
    private readonly buffers: Buffers,
  ) {
    this.group = chain.groups[0] as Group;
  }

  kernel(): Kernel | null {
    const [first] = this.group.body;
    if (first?.kind === "scatter") return this.scatterKernel(first);
    if (first?.kind === "compact") return this.compactKernel(first);
    if (first?.kind === "pack") return this.packKernel(first);
    if (first?.kind === "contract") return this.contractKernel(first);
    if (first?.kind === "scan") return this.isStored(first) ? this.scanKernel(first) : null;
    const passes = this.chain.groups.map((group) => this.pass(group));
    if (!passes.some(({ stores, epilogue }) => stores.length + epilogue.length > 0)) return null;
    return this.finish(passes.filter((pass) => !isIdle(pass)));
  }

  private pass(group: Group): Pass {
    this.group = group;
    this.known.clear();
    const from = this.values.length;
    const stores: Store[] = [];
    const reductions: Reduction[] = [];
    for (const step of group.body) {
      if (step.kind === "reduce") {
        const value = this.operand(step.operands[0] as Operand);
        reductions.push({ value, reducer: step.reducer });
      } else if (step.kind === "place") {
        stores.push(this.store(this.operand(step.operands[0] as Operand), step, step.window));
      } else if (this.isStored(step)) {
        stores.push(this.store(this.value(step, null), step, this.ownAccess(step)));
      }
    }
    const to = this.values.length;
    const epilogue = this.epilogueStores();
    const after = { from: to, to: this.values.length };
    return { body: { from, to }, stores, reductions, after, epilogue };
  }

  private isStored(step: Step): boolean {
    return this.held.materialized.has(step) || this.held.kept.has(step);
  }

  /** The step's own elements in its buffer: those of one row, if that is all that is kept. */
  private ownAccess(step: Step): Access {
    if (!this.held.kept.has(step)) return identityAccess(step.space);
    const axes = this.chain.axes ?? [];
    const inRow = contiguousStrides(axes.map((axis) => step.space[axis] as number));
    const strides = step.space.map((_, axis) => inRow[axes.indexOf(axis)] ?? 0);
    return accessOf({ shape: step.space, strides, offset: 0 });
  }

  private epilogueStores(): Store[] {
    const stores: Store[] = [];
    this.known.clear();
    const folds = this.group.body.filter(({ kind }) => kind === "reduce" || kind === "contract");
    folds.forEach((step, at) => {
      const value: KernelValue =
        step.kind === "reduce" ? { kind: "reduced", reduction: at } : { kind: "product" };
      this.finished.set(step, this.push(value));
    });
    for (const step of [...folds, ...this.group.epilogue]) {
      if (!this.held.materialized.has(step)) continue;
      const access = this.overReduced(identityAccess(step.shape));
      stores.push(this.store(this.finishedValue(step), step, access));
    }
    return stores;
  }

  /** Written where it is first asked for: behind a pass, or in the walk of a later one. */
  private finishedValue(step: Step): number {
    const known = this.finished.get(step);
    if (known !== undefined) return known;
    const args = step.operands.map(({ source, access }) =>
      this.operand({ source, access: this.overReduced(access) }),
    );
    const value = this.push({ kind: "apply", body: (step as PointwiseStep).body, args });
    this.finished.set(step, value);
    return value;
  }

  private isFinished(step: Step): boolean {
    const isAfter = ({ epilogue }: Group): boolean => epilogue.includes(step as PointwiseStep);
    return this.finished.has(step) || this.chain.groups.some(isAfter);
  }

  /** An access of the reduced shape as one of the whole space that stands still on reduced axes. */
  private overReduced(access: Access): Access {
    const reduced = this.chain.axes ?? [];
    const kept = [...access.axes];
    const axes = this.chain.space.map((size, axis) =>
      reduced.includes(axis) ? [{ size, stride: 0 }] : (kept.shift() ?? [{ size, stride: 0 }]),
    );
    return { axes, offset: access.offset };
  }

  private operand({ source, access }: Operand): number {
    if (isStep(source) && this.isFinished(source)) return this.finishedValue(source);
    if (isStep(source) && this.isComputedHere(source)) return this.value(source, access);
    const key = `${sourceKey(source)} ${JSON.stringify(access)}`;
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const value = this.push(this.leaf(source, access), access);
    this.known.set(key, value);
    return value;
  }

  private leaf(source: Source, access: Access): KernelValue {
    const type = dtypes[source.dtype].lane;
    if (isStep(source)) {
      const walked = this.held.kept.has(source) ? this.ownAccess(source) : access;
      return { kind: "load", stream: this.walk(this.buffers.of(source), source.dtype, walked) };
    }
    if (source.kind === "scalar") return { kind: "scalar", index: source.index, type };
    if (source.kind === "constant") return { kind: "constant", value: source.value, type };
    if (source.kind === "iota")
      return { kind: "index", strides: [], offset: access.offset, steps: null };
    return {
      kind: "load",
      stream: this.walk({ kind: "input", index: source.index }, source.dtype, access),
    };
  }

  /** Whether the step's value is had in this pass by computing it. */
  private isComputedHere(step: Step): boolean {
    if (this.group.body.includes(step)) return true;
    const isKept = this.held.kept.has(step) && this.isOfChain(step);
    return !isKept && !this.held.materialized.has(step);
  }

  private isOfChain(step: Step): boolean {
    return this.chain.groups.some(({ body }) => body.includes(step));
  }

  /** The value of a step in this loop, walked by `access` (null: its own space). */
  private value(step: Step, access: Access | null): number {
    const isOwn = access === null || this.group.body.includes(step);
    const key = `step ${step.position} ${isOwn ? "" : JSON.stringify(access)}`;
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const args = step.operands.map(({ source, access: inner }, at) => {
      if (step.kind === "gather" && at === 0) return this.table(source, inner);
      const walked = isOwn ? inner : composeInto(inner, access as Access);
      if (!walked) throw new Error(`internal: fuse: ${step.label} cannot be followed`);
      return this.operand({ source, access: walked });
    });
    const value = this.push(applied(step, args));
    this.known.set(key, value);
    return value;
  }

  private table(source: Source, access: Access): number {
    const buffer: Buffer =
      source.kind === "input"
        ? { kind: "input", index: source.index }
        : this.buffers.of(source as Step);
    return this.walk(buffer, source.dtype, access);
  }

  private push(value: KernelValue, access: Access | null = null): number {
    this.values.push(value);
    this.accesses.push(access);
    return this.values.length - 1;
  }

  private walk(buffer: Buffer, dtype: Stream["dtype"], access: Access): number {
    this.walks.push({ buffer, dtype, access });
    return this.walks.length - 1;
  }

  private store(value: number, step: Step, access: Access): Store {
    return { value, stream: this.walk(this.buffers.of(step), step.dtype, access) };
  }

  private scatterKernel(step: Step & { kind: "scatter" }): Kernel {
    const [index, value] = step.operands.map((operand) => this.operand(operand)) as [
      number,
      number,
    ];
    const target = this.walk(this.buffers.of(step), step.dtype, step.window);
    const isScattered = (axis: number): boolean => axis === step.axis;
    const { axes, streams, values } = this.cut(isScattered);
    const { stride, extent, combine } = step;
    return {
      kind: "scatter",
      label: this.label(),
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
    const inputs = step.operands.map((operand) => this.operand(operand));
    const store = this.walk(this.buffers.of(step), step.dtype, step.window);
    const extent = {
      before: sizeOf(space.slice(0, scanned)),
      along: space[scanned] ?? 1,
      behind: sizeOf(space.slice(scanned + 1)),
    };
    const cut = this.cut((axis) => axis === scanned);
    const common = { label: this.label(), ...cut, size: sizeOf(space) };
    return { kind: "scan", ...common, inputs, scanner, store, extent };
  }

  private compactKernel(step: Step & { kind: "compact" }): Kernel {
    const [value, mask] = step.operands.slice(0, 2).map((operand) => this.operand(operand));
    const { source, access } = step.operands[2] as Operand;
    const starts = this.table(source, access);
    const target = this.walk(this.buffers.of(step), step.dtype, access);
    const cut = this.cut(() => true);
    const reaches = new Map([
      [starts, Math.ceil(sizeOf(step.space) / step.block)],
      [target, sizeOf(step.shape) - 1],
    ]);
    const streams = cut.streams.map((stream, at) => ({ ...stream, reach: reaches.get(at) ?? 0 }));
    const common = { label: this.label(), ...cut, streams, size: sizeOf(step.space) };
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
    const value = this.operand(step.operands[0] as Operand);
    const target = this.walks.length;
    const { space, width } = step;
    const [batch = 1] = space;
    const whole = packedSize(space, width);
    const cuts = this.cutsOf(this.walks.map(({ access }) => access));
    const axes = cuts.flatMap((sizes) => sizes.map((size): Axis => ({ size, isReduced: false })));
    const streams = this.walks.map(({ buffer, dtype, access }): Stream => {
      const strides = cutStrides(access, cuts);
      return { buffer, dtype, strides, offset: access.offset, steps: null };
    });
    const values = this.values.map((value, at): KernelValue => {
      const access = this.accesses[at];
      const isIndex = value.kind === "index" && access;
      return isIndex ? { ...value, strides: cutStrides(access, cuts) } : value;
    });
    const own = { buffer: this.buffers.of(step), dtype: step.dtype, offset: 0, steps: null };
    const [batches = [], rows = []] = cuts;
    const perBatch = cutStrides(
      accessOf({ shape: space, strides: [whole / batch, 0, 0], offset: 0 }),
      cuts,
    );
    const packed = { ...own, strides: perBatch, reach: whole / batch - 1 };
    const parts = { batchAxes: batches.length, rowAxes: rows.length };
    const rest = { streams: [...streams, packed], values, value, target, width };
    return { kind: "pack", label: this.label(), axes, ...parts, ...rest, size: sizeOf(space) };
  }

  private cutsOf(accesses: readonly Access[]): number[][] {
    const cuts = commonCuts(this.chain.space, accesses);
    if (!cuts) throw new Error(`internal: fuse: no common cut of ${this.label()}`);
    return cuts;
  }

  private contractKernel(step: Step & { kind: "contract" }): Kernel {
    const stores = this.epilogueStores();
    const { axes, streams, values } = this.uncut();
    const panels = step.operands.map(({ source }): Stream => {
      const packed = source as Step;
      const [batch = 1] = packed.space;
      const whole = sizeOf(packed.shape) / batch;
      const strides = axes.map((_, axis) =>
        axis === 0 && axes.length > 2 && batch > 1 ? whole : 0,
      );
      const own = { buffer: this.buffers.of(packed), dtype: step.dtype, offset: 0, steps: null };
      return { ...own, strides, reach: whole - 1 };
    });
    const [a, b] = [streams.length, streams.length + 1];
    const { dtype, depth } = step;
    const common = { label: this.label(), axes, streams: [...streams, ...panels], values };
    return { kind: "contract", ...common, a, b, dtype, depth, stores, size: sizeOf(step.space) };
  }

  /** The axes as they are: every walk goes along each by one stride. */
  private uncut() {
    const axes = this.chain.space.map((size): Axis => ({ size, isReduced: false }));
    const streams = this.walks.map(({ buffer, dtype, access }): Stream => {
      return { buffer, dtype, strides: plainStrides(access), offset: access.offset, steps: null };
    });
    const values = this.values.map((value, at): KernelValue => {
      const access = this.accesses[at];
      return value.kind === "index" && access ? { ...value, strides: plainStrides(access) } : value;
    });
    return { axes, streams, values };
  }

  private finish(passes: readonly Pass[]): LoopKernel {
    const reduced = this.chain.axes ?? [];
    const cut = this.cut((axis) => reduced.includes(axis));
    const blockElements = blockElementsOf(this.chain.space);
    const size = sizeOf(this.chain.space);
    return { kind: "loop", label: this.label(), ...cut, passes, size, blockElements };
  }

  private label(): string {
    const names = this.chain.groups.flatMap(({ body, epilogue }) =>
      [...body, ...epilogue].map((step) => step.label),
    );
    const distinct = [...new Set(names)];
    const shown = distinct.length > 6 ? [...distinct.slice(0, 6), "…"] : distinct;
    return `${shown.join("·")} ${showShape(this.chain.space)}`;
  }

  private cut(isReducedAxis: (axis: number) => boolean) {
    const indices = this.values.map((value, at) =>
      value.kind === "index" ? this.accesses[at] : null,
    );
    const walked = [...this.walks.map(({ access }) => access), ...indices.filter((a) => a != null)];
    const cuts = this.cutsOf(walked);
    const axes = cuts.flatMap((sizes, axis) =>
      sizes.map((size): Axis => ({ size, isReduced: isReducedAxis(axis) })),
    );
    const strides = walked.map((access) => cutStrides(access, cuts));
    const merged = mergeAxes(axes, strides);
    const block = blockElementsOf(this.chain.space);
    const kind = this.group.body[0]?.kind;
    const isRun = kind === "scan" || kind === "compact";
    const order = isRun
      ? inOneRun(merged.axes, merged.strides)
      : keepReductionOrder(merged.axes, merged.strides, block);
    const streams = this.walks.map(({ buffer, dtype, access: { offset } }, at): Stream => {
      return {
        buffer,
        dtype,
        strides: order.strides[at] ?? [],
        offset,
        steps: order.steps[at] ?? null,
      };
    });
    let next = this.walks.length;
    const values = this.values.map((value): KernelValue => {
      if (value.kind !== "index") return value;
      const at = next++;
      return { ...value, strides: order.strides[at] ?? [], steps: order.steps[at] ?? null };
    });
    return { axes: order.axes, streams, values };
  }
}

const isIdle = ({ stores, reductions, epilogue }: Pass): boolean =>
  stores.length + reductions.length + epilogue.length === 0;

function applied(step: Step, args: readonly number[]): KernelValue {
  if (step.kind === "pointwise") return { kind: "apply", body: step.body, args };
  if (step.kind !== "gather") throw new Error(`internal: fuse: ${step.kind} inside a loop`);
  const [stream, index] = args as [number, number];
  return { kind: "gather", stream, index, stride: step.stride, extent: step.extent };
}

function sourceKey(source: Source): string {
  if (isStep(source)) return `buffer ${source.position}`;
  if (source.kind === "iota") return "iota";
  if (source.kind === "constant") {
    return `constant ${source.dtype} ${Object.is(source.value, -0) ? "-0" : source.value}`;
  }
  return `${source.kind} ${source.index}`;
}

/** Drops axes of one element and merges neighbours of one role that every stream crosses evenly. */
function mergeAxes(axes: readonly Axis[], strides: readonly (readonly number[])[]) {
  const merged: Axis[] = [];
  const kept: number[][] = strides.map(() => []);
  axes.forEach((axis, at) => {
    if (axis.size === 1) return;
    const last = merged.at(-1);
    const runsOn =
      last?.isReduced === axis.isReduced &&
      strides.every((list, s) => kept[s]?.at(-1) === (list[at] as number) * axis.size);
    if (runsOn && last) {
      merged[merged.length - 1] = { ...axis, size: last.size * axis.size };
      strides.forEach((list, s) => kept[s]?.splice(-1, 1, list[at] as number));
    } else {
      merged.push(axis);
      strides.forEach((list, s) => kept[s]?.push(list[at] as number));
    }
  });
  return { axes: merged, strides: kept };
}
