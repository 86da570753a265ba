// The part of indexing that gives views: integers, slices, null, "..." and booleans. Indices that are
// tensors or lists are left over, with the dimension they stand at.

import { describe } from "../base/binding-errors.ts";
import { fail } from "../base/errors.ts";
import { isTensor } from "../base/parameters.ts";
import { type Shape, sizeOf } from "../base/shapes.ts";
import { to } from "../functions/casts.ts";
import { full } from "../functions/creation.ts";
import { reshape } from "../functions/shapes.ts";
import { constantValue, type Value } from "../graph/tape.ts";
import { upload } from "../realize.ts";
import { call } from "./dispatch.ts";
import type { Handle } from "./handle.ts";
import { elementsOf, type TensorData } from "./nested.ts";
import { family, methodOnly } from "./records/record.ts";
import { views } from "./records/shapes.ts";
import { sliceForm } from "./records/slice.ts";
import { Slice } from "./slice.ts";

/** One index: an integer, a slice, null (a new axis), "...", a boolean, a tensor, a list of integers. */
export type Index = number | Slice | null | boolean | "..." | Handle | readonly TensorData[];

const { slice } = family({ slice: methodOnly(sliceForm) });

export interface Advanced {
  readonly dim: number;
  /** Integers, negative ones counted from the end; or a mask over one or more dimensions. */
  readonly index: Value;
  /** Checked already, because it was given as numbers. */
  readonly isChecked: boolean;
}

export interface Indexed<T> {
  readonly view: T;
  readonly advanced: readonly Advanced[];
}

export function basicIndex<T extends Handle>(
  op: string,
  x: T,
  given: readonly Index[],
): Indexed<T> {
  const walk = new IndexWalk(op, x);
  for (const part of spelledOut(op, x, given)) walk.take(part);
  return { view: walk.view as T, advanced: walk.advanced };
}

/** How many dimensions an index uses up. */
function consumed(part: Index): number {
  if (part === null || part === "..." || typeof part === "boolean") return 0;
  if (Array.isArray(part)) return isListOfBools(part) ? depthOf(part) : 1;
  return isTensor(part) && isMaskDType(part as Handle) ? (part as Handle).shape.length : 1;
}

/** uint8 is the mask of old. */
const isMaskDType = ({ dtype }: Handle): boolean => dtype === "bool" || dtype === "uint8";

const depthOf = (list: unknown): number => (Array.isArray(list) ? 1 + depthOf(list[0]) : 0);

const isListOfBools = (list: unknown): boolean =>
  Array.isArray(list) ? list.length > 0 && isListOfBools(list[0]) : typeof list === "boolean";

/** "..." as so many whole slices. */
function spelledOut(op: string, x: Handle, given: readonly Index[]): Index[] {
  const rank = x.shape.length;
  const used = given.reduce<number>((sum, part) => sum + consumed(part), 0);
  if (used > rank) fail(op, `too many indices for tensor of dimension ${rank}, got ${used}`);
  const dots = given.indexOf("...");
  if (dots < 0) return [...given];
  if (given.lastIndexOf("...") !== dots) fail(op, 'an index can only have a single "..."');
  const whole = Array.from({ length: rank - used }, () => new Slice(null, null, null));
  return [...given.slice(0, dots), ...whole, ...given.slice(dots + 1)];
}

class IndexWalk {
  readonly advanced: Advanced[] = [];
  view: Handle;
  private dim = 0;

  constructor(
    private readonly op: string,
    x: Handle,
  ) {
    this.view = x;
  }

  take(part: Index): void {
    if (typeof part === "number") this.takeInteger(part);
    else if (part instanceof Slice) this.takeSlice(part);
    else if (part === null) this.takeNewAxis();
    else if (typeof part === "boolean") this.takeBoolean(part);
    else if (isTensor(part)) this.takeTensor(part as Handle);
    else if (Array.isArray(part)) this.takeList(part as readonly TensorData[]);
    else {
      fail(
        this.op,
        `an index is an integer, slice(…), "...", null, a boolean, a tensor or a list; ` +
          `got ${describe(part)}`,
      );
    }
  }

  private takeInteger(index: number): void {
    if (!Number.isInteger(index)) fail(this.op, `an index must be an integer, got ${index}`);
    this.checkRange(index);
    this.view = call(views.select, this.view, [this.dim, index]) as Handle;
  }

  private checkRange(index: number): void {
    const size = this.view.shape[this.dim] as number;
    if (index >= -size && index < size) return;
    fail(this.op, `index ${index} is out of bounds for dimension ${this.dim} with size ${size}`);
  }

  private takeSlice({ start, stop, step, isWhole }: Slice): void {
    if (!isWhole) {
      this.view = call(slice, this.view, [this.dim, start, stop, step ?? 1]) as Handle;
    }
    this.dim++;
  }

  private takeNewAxis(): void {
    this.view = call(views.unsqueeze, this.view, [this.dim]) as Handle;
    this.dim++;
  }

  /** A new axis with its one element, or with none. */
  private takeBoolean(isKept: boolean): void {
    const index = constantValue(full([isKept ? 1 : 0], 0, "int64").node);
    this.advanced.push({ dim: this.dim, index, isChecked: true });
    this.takeNewAxis();
  }

  private takeTensor(given: Handle): void {
    if (isMaskDType(given)) {
      this.takeMask(given);
      return;
    }
    const { dtype } = given;
    if (dtype !== "int64" && dtype !== "int32") {
      fail(this.op, `tensors used as indices must be int64, int32, uint8 or bool, got ${dtype}`);
    }
    this.advanced.push({ dim: this.dim, index: given.value, isChecked: false });
    this.dim++;
  }

  private takeMask({ value, shape }: Handle): void {
    const mask = to(value, "bool");
    const isSingle = shape.length === 0;
    const index = isSingle ? reshape(mask, [1]) : mask;
    this.advanced.push({ dim: this.dim, index, isChecked: false });
    if (isSingle) this.takeNewAxis();
    else {
      this.checkMask(shape);
      this.dim += shape.length;
    }
  }

  private checkMask(shape: Shape): void {
    shape.forEach((size, axis) => {
      const wanted = this.view.shape[this.dim + axis];
      if (size === wanted) return;
      fail(
        this.op,
        `The shape of the mask [${shape}] at index ${axis} does not match the shape of the ` +
          `indexed tensor [${this.view.shape}] at index ${this.dim + axis}`,
      );
    });
  }

  private takeList(list: readonly TensorData[]): void {
    const { shape, dtype, data } = elementsOf(this.op, list, list.length === 0 ? "int64" : null);
    if (dtype === "bool") {
      this.takeKnownMask(data, shape);
      return;
    }
    if (dtype !== "int64") fail(this.op, `an index must hold integers, got ${dtype}`);
    for (const index of data) this.checkRange(index);
    const size = this.view.shape[this.dim] as number;
    const positive = data.map((index) => (index < 0 ? index + size : index));
    const index = constantValue(upload("int64", shape, positive));
    this.advanced.push({ dim: this.dim++, index, isChecked: true });
  }

  /** A mask whose elements are at hand is as good as its positions. */
  private takeKnownMask(data: ArrayLike<number>, shape: Shape): void {
    this.checkMask(shape);
    for (const positions of truePositions(data, shape)) {
      const index = constantValue(upload("int64", [positions.length], positions));
      this.advanced.push({ dim: this.dim++, index, isChecked: true });
    }
  }
}

/** Multi-indices of the elements that are not 0, in order: one array a dimension. */
function truePositions(data: ArrayLike<number>, shape: Shape): Int32Array[] {
  const found: number[] = [];
  for (let at = 0; at < data.length; at++) if (data[at] !== 0) found.push(at);
  return shape.map((size, axis) => {
    const stride = sizeOf(shape.slice(axis + 1));
    return Int32Array.from(found, (at) => Math.floor(at / stride) % size);
  });
}

/** A view of all of a tensor. */
export const alias = <T extends Handle>(x: T): T =>
  (x.shape.length === 0
    ? call(views.view, x, [[]])
    : call(slice, x, [0, 0, x.shape[0] as number])) as T;
