// Lane bodies as Wasm SIMD: every instruction of the lane language on registers of one or two v128.
// Constants are set once before the loops: inline `v128.const` costs 18 % on exp (measured).

import { invariant } from "../../base/errors.ts";
import type { LaneBody, LaneInstruction, LaneType } from "../../base/lanes.ts";
import type { FunctionBuilder, Local } from "../../wasm/function.ts";
import type { PlainOp } from "../../wasm/opcodes.ts";
import { evenWords, highToLow, isWide, lowHalves, type Register, vectorShape } from "./register.ts";

/** Registers of instructions that are written already, by position in a body. */
export type Hoisted = ReadonlyMap<number, Register>;

const shifts = { shl: "shl", shrS: "shr_s", shrU: "shr_u" } as const;

export class LaneCode {
  private readonly constants = new Map<string, Register>();
  /**
   * Locals whose value nobody reads any more. Scar: with a local for every instruction of every vector in
   * step, the second derivative of pow had 34,192, a frame of half a megabyte: no worker's stack held it.
   */
  private readonly idle: Local<"v128">[] = [];

  constructor(
    private readonly f: FunctionBuilder,
    private readonly isRelaxed: boolean,
  ) {}

  /** Sets a constant's local; call before the loops, for all that a body needs: `prepare`. */
  constant(type: LaneType, value: number | bigint): Register {
    const key = `${type} ${Object.is(value, -0) ? "-0" : value}`;
    const known = this.constants.get(key);
    if (known) return known;
    const local = this.f.local("v128");
    this.f.v128(constantBytes(type, value));
    this.f.set(local);
    const register = { type, parts: isWide(type) ? [local, local] : [local] };
    this.constants.set(key, register);
    return register;
  }

  /** Sets the locals of all constants in a body. */
  prepare(body: LaneBody): void {
    for (const { op, type, value } of body.instructions) {
      if (op === "const") this.constant(type, value as number | bigint);
    }
    if (
      body.instructions.some(
        ({ op, to, type }) => op === "convert" && (type === "mask" || to === "mask"),
      )
    ) {
      for (const type of ["f32", "f64", "i32"] as const) {
        this.constant(type, 0);
        this.constant(type, 1);
      }
    }
  }

  /** Writes the body; constants must have been prepared. */
  run(body: LaneBody, inputs: readonly Register[]): Register[] {
    return this.runInStep(body, [inputs])[0] as Register[];
  }

  /**
   * Writes the body for several vectors, instruction by instruction: chains of dependent instructions
   * then run side by side, where one after the other they would fill the machine's window.
   */
  runInStep(
    body: LaneBody,
    inputs: readonly (readonly Register[])[],
    hoisted?: Hoisted,
  ): Register[][] {
    const copies = inputs.map((own) => [...own]);
    const clamps = clampsOf(body);
    const ends = lastReads(body, clamps, hoisted);
    for (const [at, instruction] of body.instructions.entries()) {
      const known = hoisted?.get(at);
      const clamp = clamps.get(at);
      for (const registers of copies) {
        const args = (clamp?.args ?? instruction.args).map((arg) => registers[arg] as Register);
        if (known) registers.push(known);
        else if (clamp) registers.push(this.clamp(clamp.op, instruction.type, args));
        else if (clamps.isMask(at)) registers.push(args[0] as Register);
        else registers.push(this.instruction(instruction, args));
        for (const end of ends[at] ?? []) this.idle.push(...(registers[end] as Register).parts);
      }
    }
    return copies.map((registers) => body.outputs.map((at) => registers[at] as Register));
  }

  /** Writes what depends on the given inputs alone; `run` is told of it and leaves it out. */
  hoist(body: LaneBody, inputs: readonly (Register | undefined)[]): Hoisted {
    const hoisted = new Map<number, Register>();
    const count = body.inputs.length;
    const known = (at: number): Register | undefined =>
      at < count ? inputs[at] : hoisted.get(at - count);
    body.instructions.forEach((instruction, at) => {
      const args = instruction.args.map(known);
      if (instruction.op !== "const" && args.some((arg) => arg === undefined)) return;
      hoisted.set(at, this.instruction(instruction, args as Register[]));
    });
    return hoisted;
  }

  private vector(): Local<"v128"> {
    return this.idle.pop() ?? this.f.local("v128");
  }

  private register(type: LaneType): Register {
    return { type, parts: isWide(type) ? [this.vector(), this.vector()] : [this.vector()] };
  }

  private clamp(op: "pmin" | "pmax", type: LaneType, [x, bound]: readonly Register[]): Register {
    const result = this.register(type);
    result.parts.forEach((part, at) => {
      this.f.get(x?.parts[at] as Local);
      this.f.get(bound?.parts[at] as Local);
      this.f.op(`${vectorShape[type] as "f32x4"}.${op}`);
      this.f.set(part);
    });
    return result;
  }

  private instruction(instruction: LaneInstruction, args: readonly Register[]): Register {
    const { op, type, to } = instruction;
    if (op === "const") return this.constant(type, instruction.value as number | bigint);
    if (op === "bitcast") return { type: to, parts: (args[0] as Register).parts };
    if (op === "convert") return this.convert(args[0] as Register, to);
    if (op === "select") return this.select(args, type);
    const result = this.register(to === "mask" && isWide(type) ? "f64" : to);
    result.parts.forEach((part, at) => {
      for (const arg of args) this.f.get(arg.parts[at] as Local);
      this.plain(instruction);
      this.f.set(part);
    });
    return to === "mask" && isWide(type) ? this.narrowMask(result) : { ...result, type: to };
  }

  /** The operator on one v128 each, operands on the stack. */
  private plain({ op, type, value }: LaneInstruction): void {
    const { f } = this;
    const shape = vectorShape[type];
    const isInteger = shape === "i32x4" || shape === "i64x2";
    switch (op) {
      case "and":
      case "or":
      case "xor":
      case "not":
        f.op(`v128.${op}`);
        break;
      case "madd":
        if (this.isRelaxed) f.op(`${shape as "f32x4"}.relaxed_madd`);
        else this.multiplyAdd(shape as "f32x4");
        break;
      case "mulhi":
        this.highProduct();
        break;
      case "shl":
      case "shrS":
      case "shrU":
        f.i32(Number(value));
        f.op(`${shape as "i32x4"}.${shifts[op]}`);
        break;
      default: {
        const isSigned = isInteger && ["lt", "le", "gt", "ge", "min", "max"].includes(op);
        f.op(`${shape}.${op}${isSigned ? "_s" : ""}` as PlainOp);
      }
    }
  }

  /** x y z → x·y + z, rounded twice. */
  private multiplyAdd(shape: "f32x4" | "f64x2"): void {
    const z = this.vector();
    this.f.set(z);
    this.f.op(`${shape}.mul`);
    this.f.get(z);
    this.f.op(`${shape}.add`);
    this.idle.push(z);
  }

  /** x y → the high words of four 64-bit products. */
  private highProduct(): void {
    const { f } = this;
    const [x, y] = [this.vector(), this.vector()];
    f.set(y);
    f.set(x);
    for (const half of ["low", "high"] as const) {
      f.get(x);
      f.get(y);
      f.op(`i64x2.extmul_${half}_i32x4_u`);
    }
    f.shuffle(evenWords.map((byte) => byte + 4));
    this.idle.push(x, y);
  }

  private select([mask, a, b]: readonly Register[], type: LaneType): Register {
    invariant(mask && a && b, "emit: select takes three registers");
    const result = this.register(type);
    const wide = isWide(type) ? this.widenMask(mask) : mask.parts;
    result.parts.forEach((part, at) => {
      this.f.get(a.parts[at] as Local);
      this.f.get(b.parts[at] as Local);
      this.f.get(wide[at] as Local);
      // A mask's lanes are all ones or all zeros: the relaxed form, one blend, has one result.
      this.f.op(this.isRelaxed ? "i32x4.relaxed_laneselect" : "v128.bitselect");
      this.f.set(part);
    });
    if (wide !== mask.parts) this.idle.push(...wide);
    return result;
  }

  private widenMask(mask: Register): Local<"v128">[] {
    return (["low", "high"] as const).map((half) => {
      const part = this.vector();
      this.f.get(mask.parts[0] as Local);
      this.f.op(`i64x2.extend_${half}_i32x4_s`);
      this.f.set(part);
      return part;
    });
  }

  private narrowMask(wide: Register): Register {
    for (const part of wide.parts) this.f.get(part);
    this.f.shuffle(evenWords);
    this.idle.push(...wide.parts);
    const mask = this.register("mask");
    this.f.set(mask.parts[0] as Local);
    return mask;
  }

  private convert(x: Register, to: LaneType): Register {
    const { f } = this;
    if (x.type === "mask") return this.fromMask(x, to);
    if (to === "mask") return this.toMask(x);
    const result = this.register(to);
    const [low, high] = result.parts as [Local, Local | undefined];
    if (isWide(to)) {
      const op = x.type === "f32" ? "f64x2.promote_low_f32x4" : "f64x2.convert_low_i32x4_s";
      f.get(x.parts[0] as Local);
      f.op(op);
      f.set(low);
      f.get(x.parts[0] as Local);
      f.get(x.parts[0] as Local);
      f.shuffle(highToLow);
      f.op(op);
      f.set(high as Local);
      return result;
    }
    if (isWide(x.type)) {
      const op = to === "f32" ? "f32x4.demote_f64x2_zero" : "i32x4.trunc_sat_f64x2_s_zero";
      for (const part of x.parts) {
        f.get(part);
        f.op(op);
      }
      f.shuffle(lowHalves);
    } else {
      f.get(x.parts[0] as Local);
      f.op(to === "f32" ? "f32x4.convert_i32x4_s" : "i32x4.trunc_sat_f32x4_s");
    }
    f.set(low);
    return result;
  }

  private fromMask(mask: Register, to: LaneType): Register {
    const one = this.constant(to, 1);
    const zero = this.constant(to, 0);
    return this.select([mask, one, zero], to);
  }

  private toMask(x: Register): Register {
    const zero = this.constant(x.type, 0);
    const ne = { op: "ne", type: x.type, to: "mask", args: [] } as const;
    return this.instruction(ne, [x, zero]);
  }
}

/**
 * select(x > c, c, x) is pmin(x, c), and select(x < c, c, x) is pmax(x, c): to the bit, NaN included,
 * and one instruction instead of two to four. Masks that nothing else reads are not written at all.
 */
function clampsOf(body: LaneBody) {
  const clamps = new Map<number, { op: "pmin" | "pmax"; args: readonly number[] }>();
  const masks = new Set<number>();
  const count = body.inputs.length;
  const others = new Set<number>(body.outputs);
  body.instructions.forEach(({ op, type, args }, at) => {
    const mask = op === "select" ? body.instructions[(args[0] as number) - count] : undefined;
    const isOrder = mask?.op === "gt" || mask?.op === "lt";
    const isClamp =
      isOrder &&
      (type === "f32" || type === "f64") &&
      mask.type === type &&
      mask.args[0] === args[2] &&
      mask.args[1] === args[1];
    if (isClamp) {
      clamps.set(at, { op: mask.op === "gt" ? "pmin" : "pmax", args: mask.args });
      masks.add((args[0] as number) - count);
    } else for (const arg of args) others.add(arg);
  });
  const isMask = (at: number): boolean => masks.has(at) && !others.has(at + count);
  return { get: (at: number) => clamps.get(at), isMask };
}

/**
 * By instruction: which registers of the body, by position among its inputs and instructions, are read
 * there for the last time. Inputs, constants, what was hoisted and outputs are read by others as well.
 */
function lastReads(
  body: LaneBody,
  clamps: ReturnType<typeof clampsOf>,
  hoisted: Hoisted | undefined,
): number[][] {
  const count = body.inputs.length;
  /** What shares its locals with an earlier register: by position, the first one. */
  const first = Array.from({ length: count + body.instructions.length }, (_, at) => at);
  const reader = new Map<number, number>();
  const kept = new Set<number>();
  body.instructions.forEach(({ op, args }, at) => {
    const read = clamps.get(at)?.args ?? args;
    const isAlias = op === "bitcast" || clamps.isMask(at);
    if (isAlias) first[at + count] = first[read[0] as number] as number;
    if (op === "const" || hoisted?.has(at)) kept.add(at + count);
    for (const arg of read) reader.set(first[arg] as number, at);
  });
  for (const output of body.outputs) kept.add(first[output] as number);
  const ends: number[][] = body.instructions.map(() => []);
  for (const [position, at] of reader) {
    if (position >= count && !kept.has(position)) ends[at]?.push(position);
  }
  return ends;
}

function constantBytes(type: LaneType, value: number | bigint): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < 16; at += isWide(type) ? 8 : 4) {
    if (type === "f32") view.setFloat32(at, Number(value), true);
    else if (type === "f64") view.setFloat64(at, Number(value), true);
    else if (type === "i64") view.setBigInt64(at, BigInt(value), true);
    else view.setInt32(at, type === "mask" ? (value ? -1 : 0) : Number(value), true);
  }
  return bytes;
}
