/**
 * A row of the opcode table: what one instruction is in bytes and on the stack.
 *
 *     head   = [prefix] leb(code) 0…0     the zeros are reserved (indices of memory and order)
 *     "address" stands for i32 or i64, whichever the module's memory is addressed by
 *
 * A row has no name: the table derives it from the key path under which the row stands.
 */
export type ValueType = "i32" | "i64" | "f32" | "f64" | "v128";
export type AddressType = "i32" | "i64";
export type Operand = ValueType | "address";

/** What follows the head, which is also the builder's method that writes it. */
export type Immediate =
  | "none"
  | "const"
  | "load"
  | "store"
  | "atomic"
  | "lane"
  | "loadLane"
  | "storeLane"
  | "shuffle"
  | "control";

export interface Row<I extends Immediate = Immediate> {
  readonly immediate: I;
  readonly prefix: number;
  readonly code: number;
  readonly params: readonly Operand[];
  readonly results: readonly Operand[];
  /** log2 of the bytes a memory access touches, which is its natural alignment. */
  readonly log2Bytes: number;
  readonly reservedBytes: number;
}

export const prefixes = { none: 0, misc: 0xfc, vector: 0xfd, atomic: 0xfe } as const;
export type Prefix = keyof typeof prefixes;

type RowOf<I extends Immediate> = (code: number) => Row<I>;
type Types = readonly Operand[];

function rows<I extends Immediate>(
  immediate: I,
  prefix: Prefix,
  rest: { params: Types; results: Types; log2Bytes?: number; reservedBytes?: number },
): RowOf<I> {
  const shared = { log2Bytes: 0, reservedBytes: 0, ...rest, immediate, prefix: prefixes[prefix] };
  return (code) => ({ ...shared, code });
}

export function plain(prefix: Prefix, params: Types, results: Types): RowOf<"none"> {
  return rows("none", prefix, { params, results });
}

export function reserved(
  prefix: Prefix,
  reservedBytes: number,
  signature: { params: Types; results: Types },
): RowOf<"none"> {
  return rows("none", prefix, { ...signature, reservedBytes });
}

export function constant(prefix: Prefix, type: ValueType): RowOf<"const"> {
  return rows("const", prefix, { params: [], results: [type] });
}

export function load(prefix: Prefix, type: ValueType, log2Bytes: number): RowOf<"load"> {
  return rows("load", prefix, { params: ["address"], results: [type], log2Bytes });
}

export function store(prefix: Prefix, type: ValueType, log2Bytes: number): RowOf<"store"> {
  return rows("store", prefix, { params: ["address", type], results: [], log2Bytes });
}

export function loadLane(log2Bytes: number): RowOf<"loadLane"> {
  return rows("loadLane", "vector", { params: ["address", "v128"], results: ["v128"], log2Bytes });
}

export function storeLane(log2Bytes: number): RowOf<"storeLane"> {
  return rows("storeLane", "vector", { params: ["address", "v128"], results: [], log2Bytes });
}

export function extractLane(type: ValueType): RowOf<"lane"> {
  return rows("lane", "vector", { params: ["v128"], results: [type] });
}

export function replaceLane(type: ValueType): RowOf<"lane"> {
  return rows("lane", "vector", { params: ["v128", type], results: ["v128"] });
}

export function shuffle(): RowOf<"shuffle"> {
  return rows("shuffle", "vector", { params: ["v128", "v128"], results: ["v128"] });
}

/** An atomic access: the address, then `operands`. Its alignment is never but the natural one. */
export function atomic(operands: Types, results: Types, log2Bytes: number): RowOf<"atomic"> {
  return rows("atomic", "atomic", { params: ["address", ...operands], results, log2Bytes });
}

/** Structure and variables: the builder checks the stack for them by hand. */
export function control(code: number): Row<"control"> {
  return rows("control", "none", { params: [], results: [] })(code);
}
