// Builds a program statement by statement; the model runs along, so that each statement is one that
// the tensors at hand allow, and what is expected in the end is known.

import { leafValues } from "./leaves.ts";
import {
  broadcast,
  contiguous,
  filledBy,
  type Layout,
  type Model,
  type ModelDType,
  sizeOf,
} from "./model.ts";
import { type Arg, type Program, Ref, type Statement } from "./program.ts";

/** Elements above which a statement is left out. */
const mostElements = 150_000;

/** Choices of one statement: numbers that shrink towards 0, the first choice. */
export class Draw {
  private next = 0;

  constructor(private readonly picks: readonly number[]) {}

  below(count: number): number {
    return (this.picks[this.next++] ?? 0) % Math.max(count, 1);
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)];
  }

  /** False is the simple choice. */
  oneIn(count: number): boolean {
    return this.below(count) === count - 1;
  }
}

const smallSizes = [3, 4, 1, 5, 8, 7, 16, 2, 17, 33, 0];
const smallShapes: readonly (readonly number[])[] = [[], [1], [0], [16], [33]];
const largeShapes = [
  [40_000],
  [16, 2100],
  [257, 130],
  [3, 7, 1100],
  [2100, 16],
  [70_001],
  [5, 3000, 3],
];

export class Builder {
  readonly models = new Map<number, Model>();
  readonly statements: Statement[] = [];
  /** What each read must give. */
  readonly reads: Model[] = [];
  private live: number[] = [];
  private count = 0;

  constructor(
    readonly dtypes: readonly ModelDType[],
    readonly isLarge: boolean,
  ) {}

  /** Any live tensor that suits, the latest first. */
  pick(draw: Draw, suits: (x: Model, id: number) => boolean = () => true): number | null {
    const fitting = this.live.filter((id) => suits(this.model(id), id)).reverse();
    return fitting.length === 0 ? null : draw.of(fitting);
  }

  /** As pick, but makes a leaf where none suits. */
  some(draw: Draw, suits: (x: Model) => boolean = () => true): number {
    return this.pick(draw, suits) ?? this.leaf(draw);
  }

  model(id: number): Model {
    return this.models.get(id) as Model;
  }

  get all(): readonly number[] {
    return this.live;
  }

  shape(draw: Draw): readonly number[] {
    if (this.isLarge && draw.oneIn(2)) return draw.of(largeShapes);
    if (draw.oneIn(6)) return draw.of(smallShapes);
    const rank = 1 + draw.below(draw.oneIn(3) ? 4 : 2);
    const shape = Array.from({ length: rank }, () => draw.of(smallSizes));
    return sizeOf(shape) > 4000 ? shape.slice(0, 2) : shape;
  }

  leaf(draw: Draw, shape = this.shape(draw), dtype = draw.of(this.dtypes)): number {
    return this.addLeaf({ shape, dtype, pattern: this.pattern(draw), extent: null });
  }

  protected pattern(draw: Draw): number {
    return draw.below(1000);
  }

  indices(draw: Draw, shape: readonly number[], extent: number): number {
    return this.addLeaf({ shape, dtype: "int64", pattern: draw.below(1000), extent });
  }

  /** Whether leaves need gradients; what is computed on is then a clone, that may be changed. */
  readonly isDifferentiated: boolean = false;
  /** Leaves that get gradients, by number. */
  readonly leaves: number[] = [];
  /** Added to a leaf's elements, in the model only. */
  nudge: (leaf: number, at: number) => number = () => 0;

  protected addLeaf(leaf: Parameters<typeof leafValues>[0]): number {
    const values = leafValues(leaf);
    const isDifferentiated = this.isDifferentiated && leaf.dtype === "float64";
    const number = this.leaves.length;
    const nudge = isDifferentiated ? (at: number) => this.nudge(number, at) : () => 0;
    const model = filledBy(leaf.dtype, leaf.shape, (at) => [values[at] + nudge(at), 0]);
    const result = this.add(model);
    this.statements.push({ kind: "leaf", result, ...leaf, requiresGrad: isDifferentiated });
    if (!isDifferentiated) return result;
    this.leaves.push(result);
    this.live.pop();
    return this.make(contiguous(model), { on: result, name: "clone", args: [] }) as number;
  }

  private add(model: Model): number {
    const id = this.count++;
    this.models.set(id, model);
    this.live.push(id);
    return id;
  }

  /** A statement that makes a tensor; nothing when it would be too large. */
  make(model: Model | null, call: Call): number | null {
    if (!model || sizeOf(model.shape) > mostElements) return null;
    const result = this.add(model);
    this.push(result, call);
    return result;
  }

  /** A view that shares the storage of `of`. */
  view(of: number, layout: Layout | null, name: string, args: readonly Arg[]): number | null {
    if (!layout) return null;
    return this.make({ ...layout, storage: this.model(of).storage }, { on: of, name, args });
  }

  effect(call: Call): void {
    this.push(null, call);
  }

  private push(result: number | null, { on = null, name, args, field = null }: Call): void {
    const receiver = on === null ? null : new Ref(on);
    this.statements.push({ kind: "call", result, on: receiver, name, args, field });
  }

  read(id: number): void {
    this.statements.push({ kind: "read", of: id, read: this.reads.length });
    this.reads.push(contiguous(this.model(id)));
  }

  drop(id: number): void {
    if (this.live.length < 3) return;
    this.live = this.live.filter((other) => other !== id);
    this.statements.push({ kind: "drop", of: id });
  }

  /** A live tensor, a new leaf or null for a number, of a shape that `shape` broadcasts with. */
  operand(draw: Draw, shape: readonly number[], inPlace = false): number | null {
    const fits = (x: Model): boolean => {
      const common = broadcast(shape, x.shape);
      return (
        common !== null &&
        sizeOf(common) <= 4 * Math.max(sizeOf(shape), 2000) &&
        (!inPlace || String(common) === String(shape))
      );
    };
    switch (draw.below(5)) {
      case 0:
        return null;
      case 1: {
        const cut = shape.map((size) => (draw.oneIn(3) ? 1 : size));
        return this.leaf(draw, cut.slice(draw.below(shape.length + 1)));
      }
      default:
        return this.pick(draw, fits) ?? this.leaf(draw, shape);
    }
  }

  finish(wanted: readonly number[]): Program {
    return { statements: this.statements, wanted };
  }
}

export interface Call {
  readonly on?: number | null;
  readonly name: string;
  readonly args: readonly Arg[];
  readonly field?: string | number | null;
}
