// Elements by index while code is written. An index that is the same along a row is checked and followed
// once a row, which is then read as any other; else each lane has an address of its own.

import { dtypes } from "../../base/dtypes.ts";
import type { FunctionBuilder, Local } from "../../wasm/function.ts";
import type { KernelValue, Stream } from "../kernel.ts";
import type { Position } from "./position.ts";
import type { Register } from "./register.ts";
import type { StreamCode, Walker } from "./stream-code.ts";

type GatherValue = KernelValue & { readonly kind: "gather" };

/** What a loop tells of its values and of the row at hand. */
interface RowAtHand {
  readonly f: FunctionBuilder;
  readonly parts: { readonly streams: readonly Stream[] };
  readonly pointers: readonly Local[];
  value(at: number, position: Position): Register;
  walker(stream: number, whenFlat: number): Walker;
  isAlongRow(at: number): boolean;
}

export class GatherCode {
  /** Set by the kernel's writer: checks an index register and returns the one to use. */
  check: ((index: Register, extent: number, position: Position) => Register) | null = null;
  /** Where the row at hand starts, of each gather that reads along it. */
  private readonly rows = new Map<number, Local>();

  constructor(
    private readonly loop: RowAtHand,
    private readonly streams: StreamCode,
  ) {}

  /** Follows the index of a gather that reads along the row at hand. */
  startRow(at: number, value: GatherValue): void {
    if (!this.loop.isAlongRow(value.index)) return;
    const index = this.checked(value.index, value.extent, { offset: null, copy: 0, lanes: 4 });
    this.rows.set(at, this.rowPointer(value.stream, index, value.stride));
  }

  /** The stream's pointer at the row that an index names, the same in all lanes. */
  rowPointer(stream: number, index: Register, stride: number): Local {
    const { f, pointers, parts } = this.loop;
    const { dtype } = parts.streams[stream] as Stream;
    const pointer = f.local(f.addressType);
    f.get(pointers[stream] as Local);
    f.get(index.parts[0] as Local);
    f.lane("i32x4.extract_lane", 0);
    f.addressFromI32();
    f.address(stride * dtypes[dtype].bytes);
    f.addressMul();
    f.addressAdd();
    f.set(pointer);
    return pointer;
  }

  /** The values of a gather at a position. */
  write(at: number, value: GatherValue, position: Position): Register {
    const walker = this.loop.walker(value.stream, 0);
    const pointer = this.rows.get(at);
    if (pointer) return this.streams.load({ ...walker, pointer }, position);
    const index = this.checked(value.index, value.extent, position);
    return this.streams.gather(walker, { index, stride: value.stride }, position);
  }

  /** An index with what is out of range noted and replaced. */
  checked(index: number, extent: number, position: Position): Register {
    const raw = this.loop.value(index, position);
    return this.check ? this.check(raw, extent, position) : raw;
  }

  /** The address of one lane. */
  laneAddress(
    walker: Walker,
    walk: { readonly index: Register; readonly stride: number },
    position: Position,
    lane: number,
  ): Local {
    return this.streams.laneAddress(walker, walk, position, lane);
  }
}
