// Traces a lane body: an op's record writes `(k, x, y) => k.div(x, y)` and gets data.
// Instructions are checked as they are written (types, operand counts) and shared by value numbering.

import { invariant } from "./errors.ts";
import type { LaneBody, LaneInstruction, LaneOp, LaneType } from "./lanes.ts";
import { laneOps } from "./lanes.ts";

/** A value while tracing: its position in the body, and its type. */
export interface Lane {
  readonly at: number;
  readonly type: LaneType;
}

type Operand = number | Lane;

/** What lane bodies are written in. Numbers stand for constants of the other operand's type. */
export interface LaneWriter {
  const(type: LaneType, value: number | bigint): Lane;
  add(x: Lane, y: Operand): Lane;
  sub(x: Operand, y: Operand): Lane;
  mul(x: Lane, y: Operand): Lane;
  mulhi(x: Lane, y: Operand): Lane;
  div(x: Operand, y: Operand): Lane;
  madd(x: Lane, y: Operand, z: Operand): Lane;
  min(x: Lane, y: Operand): Lane;
  max(x: Lane, y: Operand): Lane;
  neg(x: Lane): Lane;
  abs(x: Lane): Lane;
  sqrt(x: Lane): Lane;
  floor(x: Lane): Lane;
  ceil(x: Lane): Lane;
  trunc(x: Lane): Lane;
  nearest(x: Lane): Lane;
  eq(x: Lane, y: Operand): Lane;
  ne(x: Lane, y: Operand): Lane;
  lt(x: Lane, y: Operand): Lane;
  le(x: Lane, y: Operand): Lane;
  gt(x: Lane, y: Operand): Lane;
  ge(x: Lane, y: Operand): Lane;
  and(x: Lane, y: Operand | bigint): Lane;
  or(x: Lane, y: Operand | bigint): Lane;
  xor(x: Lane, y: Operand | bigint): Lane;
  not(x: Lane): Lane;
  shl(x: Lane, bits: number): Lane;
  shrS(x: Lane, bits: number): Lane;
  shrU(x: Lane, bits: number): Lane;
  /** At least one of `a`, `b` is a Lane. */
  select(mask: Lane, a: Operand, b: Operand): Lane;
  convert(x: Lane, to: LaneType): Lane;
  bitcast(x: Lane): Lane;
}

const comparisons = new Set<LaneOp>(["eq", "ne", "lt", "le", "gt", "ge"]);
const bitcasts: Partial<Record<LaneType, LaneType>> = {
  f32: "i32",
  i32: "f32",
  f64: "i64",
  i64: "f64",
};

/** Runs `write` once over symbolic inputs and returns the body it wrote. */
export function traceLanes(
  inputs: readonly LaneType[],
  write: (k: LaneWriter, ...inputs: Lane[]) => Lane | readonly Lane[],
): LaneBody {
  const tracer = new Tracer(inputs.length);
  const results = write(
    tracer as unknown as LaneWriter,
    ...inputs.map((type, at): Lane => ({ at, type })),
  );
  const outputs = (Array.isArray(results) ? results : [results]) as Lane[];
  return { inputs, instructions: tracer.instructions, outputs: outputs.map((lane) => lane.at) };
}

class Tracer {
  readonly instructions: LaneInstruction[] = [];
  private readonly seen = new Map<string, Lane>();
  private readonly inputCount: number;

  constructor(inputCount: number) {
    this.inputCount = inputCount;
  }

  const(type: LaneType, value: number | bigint): Lane {
    const typed = type === "i64" ? BigInt(value) : Number(value);
    return this.write({ op: "const", type, to: type, args: [], value: typed });
  }

  select(mask: Lane, a: Operand, b: Operand): Lane {
    const type = typeof a === "object" ? a.type : typeof b === "object" ? b.type : undefined;
    invariant(type, "lanes: select needs a lane beside the mask");
    const args = [mask.at, this.lane(a, type).at, this.lane(b, type).at];
    return this.write({ op: "select", type, to: type, args });
  }

  convert(x: Lane, to: LaneType): Lane {
    if (x.type === to) return x;
    return this.write({ op: "convert", type: x.type, to, args: [x.at] });
  }

  bitcast(x: Lane): Lane {
    const to = bitcasts[x.type];
    invariant(to, `lanes: bitcast of ${x.type}`);
    return this.write({ op: "bitcast", type: x.type, to, args: [x.at] });
  }

  shift(op: "shl" | "shrS" | "shrU", x: Lane, bits: number): Lane {
    return this.write({ op, type: x.type, to: x.type, args: [x.at], value: bits });
  }

  same(op: LaneOp, operands: (Operand | bigint)[]): Lane {
    const first = operands.find((operand): operand is Lane => typeof operand === "object");
    invariant(first, `lanes: ${op} needs a lane`);
    const lanes = operands.map((operand) => this.lane(operand, first.type));
    invariant(
      lanes.every((lane) => lane.type === first.type),
      `lanes: ${op} of ${lanes.map((lane) => lane.type).join(", ")}`,
    );
    const to = comparisons.has(op) ? "mask" : first.type;
    return this.write({ op, type: first.type, to, args: lanes.map((lane) => lane.at) });
  }

  private lane(operand: Operand | bigint, type: LaneType): Lane {
    return typeof operand === "object" ? operand : this.const(type, operand);
  }

  private write(instruction: LaneInstruction): Lane {
    const { op, type, to, args, value } = instruction;
    const rule = laneOps[op];
    invariant(rule.operands === args.length, `lanes: ${op} takes ${rule.operands} operands`);
    invariant((rule.on as readonly LaneType[]).includes(type), `lanes: no ${op} on ${type}`);
    const spelled = Object.is(value, -0) ? "-0" : String(value);
    const key = `${op} ${type} ${to} ${args.join(" ")} ${spelled}`;
    const known = this.seen.get(key);
    if (known) return known;
    this.instructions.push(instruction);
    const lane: Lane = { at: this.inputCount + this.instructions.length - 1, type: to };
    this.seen.set(key, lane);
    return lane;
  }
}

for (const op of Object.keys(laneOps) as LaneOp[]) {
  if (op in Tracer.prototype) continue;
  const shift = op === "shl" || op === "shrS" || op === "shrU";
  Object.defineProperty(Tracer.prototype, op, {
    value: shift
      ? function (this: Tracer, x: Lane, bits: number) {
          return this.shift(op, x, bits);
        }
      : function (this: Tracer, ...operands: (Operand | bigint)[]) {
          return this.same(op, operands);
        },
  });
}
