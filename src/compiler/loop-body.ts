// LoopBody: the values of one loop nest while it is lowered, and the walks by which they are read and
// written. Views are folded in, and what is not held in a buffer is computed where it is needed; axes are
// cut so that every stream moves by strides, then merged where all streams run on without a break.

import { dtypes } from "../base/dtypes.ts";
import type { LaneType } from "../base/lanes.ts";
import { contiguousStrides, showShape } from "../base/shapes.ts";
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
import { usesInput } from "./emit/state-code.ts";
import { blockElementsOf, inOneRun, keepReductionOrder } from "./flatten.ts";
import type { Group } from "./group.ts";
import { composeInto, type Held } from "./inline.ts";
import type { Axis, Buffer, KernelValue, Store, Stream } from "./kernel.ts";
import { isStep, type Operand, type PointwiseStep, type Source, type Step } from "./step.ts";

interface Walk {
  readonly buffer: Buffer;
  readonly dtype: Stream["dtype"];
  readonly access: Access;
}

export class LoopBody {
  readonly walks: Walk[] = [];
  readonly values: KernelValue[] = [];
  private readonly accesses: (Access | null)[] = [];
  private readonly known = new Map<string, number>();
  /** Values of finished folds and of what was made of them, for all passes that follow. */
  private readonly finished = new Map<Step, number>();
  /** The pass at hand. */
  private group: Group;

  constructor(
    readonly chain: Chain,
    readonly buffers: Buffers,
    private readonly held: Held,
  ) {
    this.group = chain.groups[0] as Group;
  }

  /** What was read for one walk of the elements must be read again in the next. */
  startPass(group: Group): void {
    this.group = group;
    this.known.clear();
  }

  /** The folds of the pass are finished: their values, in the order of their steps. */
  finishPass(folds: readonly Step[]): void {
    this.known.clear();
    folds.forEach((step, at) => {
      const value: KernelValue =
        step.kind === "reduce" ? { kind: "reduced", reduction: at } : { kind: "product" };
      this.finished.set(step, this.push(value));
    });
  }

  isStored(step: Step): boolean {
    return this.held.materialized.has(step) || this.held.kept.has(step);
  }

  /** The step's own elements in its buffer: those of one row, if that is all that is kept. */
  ownAccess(step: Step): Access {
    if (!this.held.kept.has(step)) return identityAccess(step.space);
    const axes = this.chain.axes ?? [];
    const inRow = contiguousStrides(axes.map((axis) => step.space[axis] as number));
    const strides = step.space.map((_, axis) => inRow[axes.indexOf(axis)] ?? 0);
    return accessOf({ shape: step.space, strides, offset: 0 });
  }

  /** Written where it is first asked for: behind a pass, or in the walk of a later one. */
  finishedValue(step: Step): number {
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
  overReduced(access: Access): Access {
    const reduced = this.chain.axes ?? [];
    const kept = [...access.axes];
    const axes = this.chain.space.map((size, axis) =>
      reduced.includes(axis) ? [{ size, stride: 0 }] : (kept.shift() ?? [{ size, stride: 0 }]),
    );
    return { axes, offset: access.offset };
  }

  operand({ source, access }: Operand): number {
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
  value(step: Step, access: Access | null): number {
    const isOwn = access === null || this.group.body.includes(step);
    const key = `step ${step.position} ${isOwn ? "" : JSON.stringify(access)}`;
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const argument = ({ source, access: inner }: Operand, at: number): number => {
      if (step.kind === "gather" && at === 0) return this.table(source, inner);
      const walked = isOwn ? inner : composeInto(inner, access as Access);
      if (!walked) throw new Error(`internal: fuse: ${step.label} cannot be followed`);
      return this.operand({ source, access: walked });
    };
    const args = isFolding(step) ? this.folded(step, argument) : step.operands.map(argument);
    const value = this.push(applied(step, args));
    this.known.set(key, value);
    return value;
  }

  /** The states when all operands are folded; each is read where it is folded, so that few are alive. */
  private folded(
    { fold, operands }: PointwiseStep & { readonly fold: Fold },
    argument: (operand: Operand, at: number) => number,
  ): number[] {
    const constant = (type: LaneType, value: number): number =>
      this.push({ kind: "constant", value, type });
    let states = fold.state.map(({ type, initial }) => constant(type, initial));
    const zero = constant("i32", 0);
    const isOfIndex = usesInput(fold.step, states.length + 1);
    operands.forEach((operand, at) => {
      const index = isOfIndex && at > 0 ? constant("i32", at) : zero;
      const args = [...states, argument(operand, at), index];
      states = states.map((_, state) => {
        const body = { ...fold.step, outputs: [fold.step.outputs[state] as number] };
        return this.push({ kind: "apply", body, args });
      });
    });
    return states;
  }

  table(source: Source, access: Access): number {
    const buffer: Buffer =
      source.kind === "input"
        ? { kind: "input", index: source.index }
        : this.buffers.of(source as Step);
    return this.walk(buffer, source.dtype, access);
  }

  push(value: KernelValue, access: Access | null = null): number {
    this.values.push(value);
    this.accesses.push(access);
    return this.values.length - 1;
  }

  walk(buffer: Buffer, dtype: Stream["dtype"], access: Access): number {
    this.walks.push({ buffer, dtype, access });
    return this.walks.length - 1;
  }

  store(value: number, step: Step, access: Access): Store {
    return { value, stream: this.walk(this.buffers.of(step), step.dtype, access) };
  }

  cutsOf(accesses: readonly Access[]): number[][] {
    const cuts = commonCuts(this.chain.space, accesses);
    if (!cuts) throw new Error(`internal: fuse: no common cut of ${this.label()}`);
    return cuts;
  }

  /** The axes as they are: every walk goes along each by one stride. */
  uncut() {
    const axes = this.chain.space.map((size): Axis => ({ size, isReduced: false }));
    return { axes, ...this.walked(plainStrides) };
  }

  /** Streams and values whose walks go along given axes. */
  walked(stridesOf: (access: Access) => number[]) {
    const streams = this.walks.map(({ buffer, dtype, access }): Stream => {
      return { buffer, dtype, strides: stridesOf(access), offset: access.offset, steps: null };
    });
    const values = this.values.map((value, at): KernelValue => {
      const access = this.accesses[at];
      return value.kind === "index" && access ? { ...value, strides: stridesOf(access) } : value;
    });
    return { streams, values };
  }

  /** Of many names those come first by which a fault on data is told. */
  label(): string {
    const steps = this.chain.groups.flatMap(({ body, epilogue }) => [...body, ...epilogue]);
    const namesOf = (some: readonly Step[]): string[] => some.map((step) => step.label);
    const distinct = [...new Set(namesOf(steps))];
    const first = new Set(namesOf([...steps.filter(({ kind }) => kind === "gather"), ...steps]));
    const shown = distinct.length > 6 ? [...[...first].slice(0, 6), "…"] : distinct;
    return `${shown.join("·")} ${showShape(this.chain.space)}`;
  }

  cut(isReducedAxis: (axis: number) => boolean) {
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
    const isRun = kind === "scan" || kind === "sort" || kind === "compact";
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

type Fold = NonNullable<PointwiseStep["fold"]>;

const isFolding = (step: Step): step is PointwiseStep & { readonly fold: Fold } =>
  step.kind === "pointwise" && step.fold !== undefined;

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
