/**
 * Writes the body of one function, instruction by instruction, as the stack machine runs it.
 * Every call checks the types on the stack at once, so that an error's trace ends on the line
 * that emitted the wrong instruction: `f32x4.add: wanted v128 v128 on the stack, got v128 i32`.
 * Local variables are handles; blocks are nested callbacks, and their labels are handles too.
 */
import { fail } from "../base/errors.ts";
import { ByteWriter } from "./byte-writer.ts";
import {
  isIndex,
  splatFloat32,
  splatFloat64,
  splatInt32,
  toInt32,
  toInt64,
  toLane,
} from "./immediates.ts";
import type {
  AddressOp,
  AddressType,
  AtomicOp,
  Instruction,
  LaneOp,
  LoadLaneOp,
  LoadOp,
  PlainOp,
  ShuffleOp,
  StoreLaneOp,
  StoreOp,
  ValueType,
} from "./opcodes.ts";
import { opcodes } from "./opcodes.ts";
import type { Label } from "./typed-stack.ts";
import { TypedStack } from "./typed-stack.ts";

export type { Label } from "./typed-stack.ts";

export const typeBytes: Readonly<Record<ValueType, number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
};
const noResult = 0x40;

/** "fixed" leaves out the relaxed instructions, whose results may differ between machines. */
export type SimdLevel = "fixed" | "relaxed";

/** What a function must know of its module; a module is told from another by identity. */
export interface Target {
  readonly addressType: AddressType;
  readonly simd: SimdLevel;
}

export interface Signature {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** A function that can be called from others of its module. */
export interface Func extends Signature {
  readonly name: string;
  readonly index: number;
  readonly target: Target;
}

/** A parameter or a local variable of one function. */
export interface Local<T extends ValueType = ValueType> {
  readonly type: T;
  readonly index: number;
  readonly owner: FunctionBuilder;
}

export interface LaneAccess {
  /** Bytes added to the address without wrapping. */
  offset?: number | bigint;
}

export interface Access extends LaneAccess {
  /** log2 of the promised alignment, by default the natural one. */
  align?: number;
}

export class FunctionBuilder {
  private readonly stack: TypedStack;
  private readonly variables: Local[];

  constructor(
    readonly name: string,
    private readonly signature: Signature,
    private readonly target: Target,
    private readonly code: ByteWriter,
  ) {
    this.stack = new TypedStack(target.addressType, signature.results);
    this.variables = signature.params.map((type, index) => ({ type, index, owner: this }));
  }

  get addressType(): AddressType {
    return this.target.addressType;
  }

  // Variables.

  get params(): readonly Local[] {
    return this.variables.slice(0, this.signature.params.length);
  }

  param(i: number): Local {
    const count = this.signature.params.length;
    return this.params[i] ?? fail("param", `wanted one of ${count} in ${this.name}, got ${i}`);
  }

  local<T extends ValueType>(type: T): Local<T> {
    const made = { type, index: this.variables.length, owner: this };
    this.variables.push(made);
    return made;
  }

  get(local: Local): void {
    this.variable(opcodes["local.get"], local);
    this.stack.push(local.type);
  }

  set(local: Local): void {
    this.stack.take("local.set", local.type);
    this.variable(opcodes["local.set"], local);
  }

  tee(local: Local): void {
    this.stack.take("local.tee", local.type);
    this.stack.push(local.type);
    this.variable(opcodes["local.tee"], local);
  }

  // Instructions without and with an immediate.

  op(name: PlainOp): void {
    this.emit(opcodes[name]);
  }

  load(name: LoadOp, access: Access = {}): void {
    this.emitAccess(opcodes[name], access);
  }

  store(name: StoreOp, access: Access = {}): void {
    this.emitAccess(opcodes[name], access);
  }

  /** Any atomic access, and wait and notify. */
  atomic(name: AtomicOp, access: LaneAccess = {}): void {
    this.emitAccess(opcodes[name], { offset: access.offset ?? 0 });
  }

  lane(name: LaneOp, lane: number): void {
    this.emit(opcodes[name]);
    this.code.byte(toLane(opcodes[name], lane));
  }

  loadLane(name: LoadLaneOp, lane: number, access: Access = {}): void {
    this.emitAccess(opcodes[name], access);
    this.code.byte(toLane(opcodes[name], lane));
  }

  storeLane(name: StoreLaneOp, lane: number, access: Access = {}): void {
    this.emitAccess(opcodes[name], access);
    this.code.byte(toLane(opcodes[name], lane));
  }

  /** Sixteen bytes chosen from the 32 of both operands. */
  shuffle(lanes: ArrayLike<number>): void {
    const name: ShuffleOp = "i8x16.shuffle";
    const isFit = lanes.length === 16 && Array.from(lanes).every((lane) => isIndex(lane, 32));
    if (!isFit) fail(name, `wanted 16 lanes of 0 … 31, got ${Array.from(lanes)}`);
    this.emit(opcodes[name]);
    this.code.append(lanes);
  }

  // Constants.

  /** Any integer of 32 bits, signed or unsigned. */
  i32(n: number): void {
    const value = toInt32("i32.const", n);
    this.emit(opcodes["i32.const"]);
    this.code.signed32(value);
  }

  /** Any integer of 64 bits, signed or unsigned. */
  i64(n: number | bigint): void {
    const value = toInt64("i64.const", n);
    this.emit(opcodes["i64.const"]);
    this.code.signed64(value);
  }

  f32(n: number): void {
    this.emit(opcodes["f32.const"]);
    this.code.float32(n);
  }

  f64(n: number): void {
    this.emit(opcodes["f64.const"]);
    this.code.float64(n);
  }

  v128(bytes: ArrayLike<number>): void {
    if (bytes.length !== 16) fail("v128.const", `wanted 16 bytes, got ${bytes.length}`);
    this.emit(opcodes["v128.const"]);
    this.code.append(bytes);
  }

  /** The same 32 bits in four lanes; the way to write a NaN with a payload. */
  v128i32(n: number): void {
    this.v128(splatInt32(toInt32("v128.const", n)));
  }

  v128f32(n: number): void {
    this.v128(splatFloat32(n));
  }

  v128f64(n: number): void {
    this.v128(splatFloat64(n));
  }

  // Address arithmetic in the width of the module's memory.

  address(n: number | bigint): void {
    if (this.addressType === "i64") this.i64(n);
    else this.i32(Number(n));
  }

  addressOp(suffix: AddressOp): void {
    this.op(`${this.addressType}.${suffix}`);
  }

  addressAdd(): void {
    this.addressOp("add");
  }

  addressMul(): void {
    this.addressOp("mul");
  }

  /** Takes an unsigned i32. */
  addressFromI32(): void {
    this.stack.take("addressFromI32", "i32");
    this.stack.push("i32");
    if (this.addressType === "i64") this.op("i64.extend_i32_u");
  }

  // Structure.

  /** A branch to the label leaves the block, with `result` on the stack if there is one. */
  block(body: (label: Label) => void, result?: ValueType): void {
    this.nest(this.open(opcodes.block, result), body);
  }

  /** A branch to the label starts the body again. */
  loop(body: (label: Label) => void, result?: ValueType): void {
    this.nest(this.open(opcodes.loop, result), body);
  }

  /** Takes an i32: `yes` when it is not 0. With a result, both arms leave it. */
  if(yes: (label: Label) => void, no?: (label: Label) => void, result?: ValueType): void {
    if (result !== undefined && no === undefined) {
      fail("if", `wanted a second arm that leaves ${result}, got none`);
    }
    this.stack.take("if", "i32");
    const label = this.open(opcodes.if, result);
    this.nest(label, () => {
      yes(label);
      if (no === undefined) return;
      this.stack.alternate();
      this.code.append(opcodes.else.head);
      no(label);
    });
  }

  br(label: Label): void {
    const distance = this.stack.distance("br", label);
    this.stack.apply("br", label.branchTypes, []);
    this.code.append(opcodes.br.head);
    this.code.unsigned(distance);
    this.stack.markUnreachable();
  }

  brIf(label: Label): void {
    const distance = this.stack.distance("br_if", label);
    this.stack.take("br_if", "i32");
    this.stack.apply("br_if", label.branchTypes, label.branchTypes);
    this.code.append(opcodes.br_if.head);
    this.code.unsigned(distance);
  }

  return(): void {
    this.stack.apply("return", this.signature.results, []);
    this.code.append(opcodes.return.head);
    this.stack.markUnreachable();
  }

  unreachable(): void {
    this.code.append(opcodes.unreachable.head);
    this.stack.markUnreachable();
  }

  call(func: Func): void {
    if (func.target !== this.target) {
      fail("call", `wanted a function of the same module, got ${func.name} of another`);
    }
    this.stack.apply(`call ${func.name}`, func.params, func.results);
    this.code.append(opcodes.call.head);
    this.code.unsigned(func.index);
  }

  drop(): void {
    this.stack.takeAny("drop");
    this.code.append(opcodes.drop.head);
  }

  /** Takes two values of one type and an i32: leaves the first value when that is not 0. */
  select(): void {
    this.stack.select("select");
    this.code.append(opcodes.select.head);
  }

  /** Ends the function and appends its entry of the code section: size, locals, code. */
  finish(section: ByteWriter): void {
    this.stack.close();
    this.code.append(opcodes.end.head);
    const locals = new ByteWriter(32);
    this.writeLocals(locals);
    section.unsigned(locals.length + this.code.length);
    section.appendWriter(locals);
    section.appendWriter(this.code);
  }

  private emit(instruction: Instruction): void {
    if (instruction.isRelaxed && this.target.simd === "fixed") {
      fail(instruction.name, 'wanted a module with simd "relaxed", got "fixed"');
    }
    this.stack.apply(instruction.name, instruction.params, instruction.results);
    this.code.append(instruction.head);
  }

  private emitAccess(instruction: Instruction, access: Access): void {
    const { name, log2Bytes } = instruction;
    const { offset = 0, align = log2Bytes } = access;
    const bits = this.addressType === "i64" ? 64 : 32;
    const isWhole = typeof offset === "bigint" || Number.isSafeInteger(offset);
    if (!isWhole || offset < 0 || offset >= 2 ** bits) {
      fail(name, `wanted an offset of 0 … 2^${bits} − 1, got ${offset}`);
    }
    if (!isIndex(align, log2Bytes + 1)) {
      fail(name, `wanted align (log2 of bytes) of 0 … ${log2Bytes}, got ${align}`);
    }
    this.emit(instruction);
    this.code.byte(align);
    this.code.unsigned(offset);
  }

  private variable(instruction: Instruction, local: Local): void {
    if (local.owner !== this) {
      fail(instruction.name, `wanted a variable of ${this.name}, got one of ${local.owner.name}`);
    }
    this.code.append(instruction.head);
    this.code.unsigned(local.index);
  }

  private open(instruction: Instruction, result: ValueType | undefined): Label {
    this.code.append(instruction.head);
    this.code.byte(result === undefined ? noResult : typeBytes[result]);
    return this.stack.open(instruction.name, result === undefined ? [] : [result]);
  }

  private nest(label: Label, body: (label: Label) => void): void {
    body(label);
    this.stack.close();
    this.code.append(opcodes.end.head);
  }

  /** Neighbours of one type are declared together: (count, type) each. */
  private writeLocals(writer: ByteWriter): void {
    const counts: number[] = [];
    const types: ValueType[] = [];
    for (let i = this.signature.params.length; i < this.variables.length; i++) {
      const { type } = this.variables[i] as Local;
      const last = types.length - 1;
      if (types[last] === type) counts[last] = (counts[last] as number) + 1;
      else {
        counts.push(1);
        types.push(type);
      }
    }
    writer.unsigned(counts.length);
    counts.forEach((count, i) => {
      writer.unsigned(count);
      writer.byte(typeBytes[types[i] as ValueType]);
    });
  }
}
