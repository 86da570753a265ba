/**
 * What the operand stack would hold at the line being written, checked as it is written.
 *
 *     slots   f32 | v128 v128 | i32        one type a value, the newest last
 *     frames      ^height     ^height      an open block owns the slots above its height
 *
 * After a branch nothing can run until the block ends: missing slots then pass for any type
 * ("unknown"), as in the standard's validation.
 */
import { fail } from "../base/errors.ts";
import type { AddressType, Operand, ValueType } from "./opcodes.ts";

type Slot = ValueType | "unknown";

/** An open block; what br and brIf take. */
export class Label {
  isUnreachable = false;

  constructor(
    readonly name: string,
    readonly depth: number,
    readonly height: number,
    readonly results: readonly ValueType[],
  ) {}

  /** A branch to a loop goes to its head, which takes nothing. */
  get branchTypes(): readonly ValueType[] {
    return this.name === "loop" ? [] : this.results;
  }
}

export class TypedStack {
  // Only the first `count` slots are meant: an engine gives memory back when an array is cut.
  private readonly slots: Slot[] = [];
  private count = 0;
  private readonly frames: Label[] = [];
  private frame: Label;

  constructor(
    private readonly addressType: AddressType,
    results: readonly ValueType[],
  ) {
    this.frame = new Label("function", 0, 0, results);
    this.frames.push(this.frame);
  }

  /** Takes `params` from the top, the last one being the newest, and puts `results` there. */
  apply(name: string, params: readonly Operand[], results: readonly Operand[]): void {
    const { slots } = this;
    const base = this.count - params.length;
    let isExact = base >= this.frame.height;
    for (let i = 0; isExact && i < params.length; i++) {
      isExact = slots[base + i] === this.resolve(params[i] as Operand);
    }
    if (isExact) this.count = base;
    else this.takeLoosely(name, params);
    for (let i = 0; i < results.length; i++) this.push(this.resolve(results[i] as Operand));
  }

  push(type: Slot): void {
    this.slots[this.count++] = type;
  }

  /** Takes one value of the type. */
  take(name: string, type: ValueType): void {
    const top = this.count - 1;
    if (top >= this.frame.height && this.slots[top] === type) this.count = top;
    else this.takeLoosely(name, [type]);
  }

  /** Takes the newest value whatever its type is. */
  takeAny(name: string): Slot {
    if (this.count > this.frame.height) return this.slots[--this.count] as Slot;
    if (this.frame.isUnreachable) return "unknown";
    return fail(name, "wanted a value on the stack, got nothing");
  }

  /** select: two values of one type, and an i32 that chooses. */
  select(name: string): void {
    const got = this.newest(3);
    this.take(name, "i32");
    const second = this.takeAny(name);
    const first = this.takeAny(name);
    if (first !== second && first !== "unknown" && second !== "unknown") {
      fail(name, `wanted two values of one type and i32 on the stack, got ${print(got)}`);
    }
    this.push(first === "unknown" ? second : first);
  }

  open(name: string, results: readonly ValueType[]): Label {
    this.frame = new Label(name, this.frames.length, this.count, results);
    this.frames.push(this.frame);
    return this.frame;
  }

  /** Ends the innermost block: exactly its results must be left. */
  close(): void {
    const closed = this.frame;
    this.checkEnd();
    this.frames.pop();
    this.frame = this.frames[this.frames.length - 1] ?? closed;
    for (const result of closed.results) this.push(result);
  }

  /** Ends the first arm of an `if` and starts the second with the stack it started with. */
  alternate(): void {
    this.checkEnd();
    this.frame.isUnreachable = false;
  }

  /** How many blocks lie between here and the label, which must be open. */
  distance(name: string, label: Label): number {
    if (this.frames[label.depth] !== label) {
      fail(name, `wanted a label whose block is open, got one of a closed ${label.name}`);
    }
    return this.frames.length - 1 - label.depth;
  }

  markUnreachable(): void {
    this.count = this.frame.height;
    this.frame.isUnreachable = true;
  }

  private resolve(operand: Operand): ValueType {
    return operand === "address" ? this.addressType : operand;
  }

  /** At most so many of the values that belong to the innermost block. */
  private newest(most: number): Slot[] {
    return this.slots.slice(Math.max(this.frame.height, this.count - most), this.count);
  }

  private takeLoosely(name: string, params: readonly Operand[]): void {
    const wanted = params.map((operand) => this.resolve(operand));
    const got = this.newest(params.length);
    if (!this.fits(got, wanted)) {
      const hint = params.includes("address") ? ` (addresses are ${this.addressType} here)` : "";
      fail(name, `wanted ${print(wanted)} on the stack, got ${print(got)}${hint}`);
    }
    this.count -= got.length;
  }

  private checkEnd(): void {
    const { frame } = this;
    const left = this.newest(Number.POSITIVE_INFINITY);
    if (!this.fits(left, frame.results)) {
      fail(
        frame.name,
        `wanted ${print(frame.results)} on the stack at its end, got ${print(left)}`,
      );
    }
    this.count = frame.height;
  }

  /** The newest values are compared first; older ones may be missing where nothing can run. */
  private fits(got: readonly Slot[], wanted: readonly ValueType[]): boolean {
    const missing = wanted.length - got.length;
    if (missing < 0 || (missing > 0 && !this.frame.isUnreachable)) return false;
    return got.every((slot, i) => slot === "unknown" || slot === wanted[missing + i]);
  }
}

function print(slots: readonly Slot[]): string {
  return slots.length === 0 ? "nothing" : slots.join(" ");
}
