/**
 * The opcode table: every instruction the assembler can write, by its name in the standard.
 * Rows stand in opcodes/ by family; a name is the row's key path joined by dots and is written
 * nowhere else. The types of names (`PlainOp`, `LoadOp`, …) are derived from the rows.
 */
import { ByteWriter } from "./byte-writer.ts";
import { atomics } from "./opcodes/atomics.ts";
import { control } from "./opcodes/control.ts";
import { relaxed } from "./opcodes/relaxed.ts";
import type { Immediate, Row } from "./opcodes/row.ts";
import { prefixes } from "./opcodes/row.ts";
import { scalar } from "./opcodes/scalar.ts";
import { vector } from "./opcodes/vector.ts";

export type { AddressType, Operand, ValueType } from "./opcodes/row.ts";

type Tree = { readonly [key: string]: Row | Tree };

type Named<T, Path extends string = ""> = {
  [K in keyof T & string]: T[K] extends Row<infer I>
    ? { name: `${Path}${K}`; immediate: I }
    : Named<T[K], `${Path}${K}.`>;
}[keyof T & string];

type Entry =
  | Named<typeof control>
  | Named<typeof scalar>
  | Named<typeof vector>
  | Named<typeof relaxed>
  | Named<typeof atomics>;

type NameOf<I extends Immediate> = Extract<Entry, { immediate: I }>["name"];

export type OpName = Entry["name"];
export type PlainOp = NameOf<"none">;
export type LoadOp = NameOf<"load">;
export type StoreOp = NameOf<"store">;
export type AtomicOp = NameOf<"atomic">;
export type LaneOp = NameOf<"lane">;
export type LoadLaneOp = NameOf<"loadLane">;
export type StoreLaneOp = NameOf<"storeLane">;
export type ShuffleOp = NameOf<"shuffle">;
export type ControlOp = NameOf<"control">;
export type RelaxedOp = Named<typeof relaxed>["name"];

/** The part of a name behind the dot for which i32 and i64 both have a plain instruction. */
export type AddressOp = Suffix<"i32"> & Suffix<"i64">;
type Suffix<Type extends string> = PlainOp extends infer N
  ? N extends `${Type}.${infer S}`
    ? S
    : never
  : never;

export interface Instruction extends Row {
  readonly name: string;
  /** Prefix, code and reserved bytes. */
  readonly head: Uint8Array;
  /** How many lanes the lane immediate may choose from; 0 where there is none. */
  readonly laneCount: number;
  readonly isRelaxed: boolean;
}

export const opcodes: Readonly<Record<OpName, Instruction>> = nameRows([
  control,
  scalar,
  vector,
  relaxed,
  atomics,
]);

function nameRows(families: readonly Tree[]): Record<OpName, Instruction> {
  const named: Record<string, Instruction> = {};
  const walk = (tree: Tree, path: string, isRelaxed: boolean): void => {
    for (const [key, value] of Object.entries(tree)) {
      const name = path + key;
      if (isRow(value)) named[name] = instruction(name, value, isRelaxed);
      else walk(value, `${name}.`, isRelaxed);
    }
  };
  for (const family of families) walk(family, "", family === relaxed);
  return named as Record<OpName, Instruction>;
}

function isRow(value: Row | Tree): value is Row {
  return typeof value.code === "number";
}

function instruction(name: string, row: Row, isRelaxed: boolean): Instruction {
  const head = new ByteWriter(8);
  if (row.prefix === prefixes.none) head.byte(row.code);
  else {
    head.byte(row.prefix);
    head.unsigned(row.code);
  }
  for (let i = 0; i < row.reservedBytes; i++) head.byte(0);
  return { ...row, name, head: head.toBytes(), laneCount: laneCount(name, row), isRelaxed };
}

function laneCount(name: string, row: Row): number {
  if (row.immediate === "loadLane" || row.immediate === "storeLane") return 16 >> row.log2Bytes;
  if (row.immediate !== "lane") return 0;
  return Number(/x(\d+)\./.exec(name)?.[1]);
}
