// Evaluates a lane body on scalars in JavaScript: the tests' oracle, and the folder of constants.
// Every instruction has the meaning of its Wasm SIMD instruction, on one element. A body is compiled
// once into a list of small closures over a register file; masks are 0 or -1.

import { invariant } from "./errors.ts";
import { fusedMadd32, fusedMadd64 } from "./fused-madd.ts";
import type { LaneBody, LaneInstruction, LaneType } from "./lanes.ts";
import { laneTypeAt } from "./lanes.ts";

export interface EvaluateOptions {
  /** Whether `madd` rounds once (the default) or twice. */
  readonly fused?: boolean;
}

export type LaneFunction = (inputs: readonly (number | bigint | boolean)[]) => (number | bigint)[];

/** The outputs of `body` for one element of every input. Masks come out as 0 or -1. */
export function evaluateLanes(
  body: LaneBody,
  inputs: readonly (number | bigint | boolean)[],
  options: EvaluateOptions = {},
): (number | bigint)[] {
  const fused = options.fused ?? true;
  const cache = fused ? fusedFunctions : unfusedFunctions;
  let compiled = cache.get(body);
  if (!compiled) {
    compiled = compileLanes(body, { fused });
    cache.set(body, compiled);
  }
  return compiled(inputs);
}

const fusedFunctions = new WeakMap<LaneBody, LaneFunction>();
const unfusedFunctions = new WeakMap<LaneBody, LaneFunction>();

/** `evaluateLanes` for callers that evaluate one body very often. */
export function compileLanes(body: LaneBody, options: EvaluateOptions = {}): LaneFunction {
  const count = body.inputs.length + body.instructions.length;
  const file: Registers = { numbers: new Float64Array(count), longs: new BigInt64Array(count) };
  const compiler: Compiler = { file, fused: options.fused ?? true };
  const loads = body.inputs.map((type, at) => compileLoad(compiler, type, at));
  const steps: Step[] = [];
  body.instructions.forEach((instruction, index) => {
    const step = compileInstruction(compiler, instruction, body.inputs.length + index);
    if (step) steps.push(step);
  });
  const stores = body.outputs.map((at) =>
    laneTypeAt(body, at) === "i64"
      ? () => file.longs[at] as bigint
      : () => file.numbers[at] as number,
  );
  return (inputs) => {
    const wanted = loads.length;
    if (inputs.length !== wanted) invariant(false, `lanes: ${inputs.length} inputs for ${wanted}`);
    for (let at = 0; at < loads.length; at++) (loads[at] as Load)(inputs[at] as number);
    for (let at = 0; at < steps.length; at++) (steps[at] as Step)();
    return stores.map((store) => store());
  };
}

/** Values by position: f32, f64, i32 and masks as numbers, i64 as bigints. */
interface Registers {
  readonly numbers: Float64Array;
  readonly longs: BigInt64Array;
}

interface Compiler {
  readonly file: Registers;
  readonly fused: boolean;
}

type Step = () => void;
type Load = (value: number | bigint | boolean) => void;
type NumberRule = (x: number, y: number, z: number) => number;
type LongRule = (x: bigint, y: bigint) => bigint;

function compileLoad({ file }: Compiler, type: LaneType, at: number): Load {
  const { numbers, longs } = file;
  if (type === "i64") {
    return (value) => {
      longs[at] = BigInt(value);
    };
  }
  const round = rounded[type];
  return (value) => {
    numbers[at] = round(Number(value));
  };
}

/** A step that writes position `at`, or null if nothing happens at run time. */
function compileInstruction(compiler: Compiler, code: LaneInstruction, at: number): Step | null {
  switch (code.op) {
    case "const":
      compileLoad(compiler, code.type, at)(code.value as number | bigint);
      return null;
    case "select":
      return compileSelect(compiler.file, code, at);
    case "bitcast":
      return compileBitcast(compiler.file, code, at);
    case "shl":
    case "shrS":
    case "shrU":
      return code.type === "i64"
        ? longStep(compiler.file, code, at, longShift(code.op, BigInt(code.value as number)))
        : numberStep(compiler.file, code, at, numberShift(code.op, code.value as number));
    case "convert":
      return numberStep(compiler.file, code, at, conversion(code.type, code.to));
    default:
      return code.type === "i64"
        ? longStep(compiler.file, code, at, ruleOf(longRules, code))
        : numberStep(compiler.file, code, at, ruleOf(numberRules(code.type, compiler.fused), code));
  }
}

function ruleOf<Rule>(rules: Readonly<Record<string, Rule>>, code: LaneInstruction): Rule {
  const rule = rules[code.op];
  invariant(rule, `lanes: no ${code.op} on ${code.type}`);
  return rule;
}

function numberStep(file: Registers, code: LaneInstruction, at: number, rule: NumberRule): Step {
  const { numbers } = file;
  const [x = 0, y = 0, z = 0] = code.args;
  return () => {
    numbers[at] = rule(numbers[x] as number, numbers[y] as number, numbers[z] as number);
  };
}

function longStep(file: Registers, code: LaneInstruction, at: number, rule: LongRule): Step {
  const { longs } = file;
  const [x = 0, y = 0] = code.args;
  return () => {
    longs[at] = rule(longs[x] as bigint, longs[y] as bigint);
  };
}

function compileSelect({ numbers, longs }: Registers, code: LaneInstruction, at: number): Step {
  const [mask = 0, x = 0, y = 0] = code.args;
  if (code.type === "i64") {
    return () => {
      longs[at] = longs[numbers[mask] === 0 ? y : x] as bigint;
    };
  }
  return () => {
    numbers[at] = numbers[numbers[mask] === 0 ? y : x] as number;
  };
}

const scratch = new Float64Array(1);
const single = new Float32Array(scratch.buffer);
const word = new Int32Array(scratch.buffer);
const long = new BigInt64Array(scratch.buffer);

function compileBitcast({ numbers, longs }: Registers, code: LaneInstruction, at: number): Step {
  const [x = 0] = code.args;
  const casts: Record<string, Step> = {
    f32: () => {
      single[0] = numbers[x] as number;
      numbers[at] = word[0] as number;
    },
    i32: () => {
      word[0] = numbers[x] as number;
      numbers[at] = single[0] as number;
    },
    f64: () => {
      scratch[0] = numbers[x] as number;
      longs[at] = long[0] as bigint;
    },
    i64: () => {
      long[0] = longs[x] as bigint;
      numbers[at] = scratch[0] as number;
    },
  };
  return casts[code.type] as Step;
}

function numberShift(op: "shl" | "shrS" | "shrU", bits: number): NumberRule {
  if (op === "shl") return (x) => x << bits;
  return op === "shrS" ? (x) => x >> bits : (x) => (x >>> bits) | 0;
}

function longShift(op: "shl" | "shrS" | "shrU", bits: bigint): LongRule {
  if (op === "shl") return (x) => x << bits;
  return op === "shrS" ? (x) => x >> bits : (x) => BigInt.asUintN(64, x) >> bits;
}

type NumberType = Exclude<LaneType, "i64">;

const rounded: Readonly<Record<NumberType, (value: number) => number>> = {
  f32: Math.fround,
  f64: (value) => value,
  i32: (value) => value | 0,
  mask: (value) => (value === 0 ? 0 : -1),
};

/** Floats become integers by truncation, saturating, NaN as 0; masks become 0 and 1. */
function conversion(from: LaneType, to: LaneType): NumberRule {
  invariant(from !== "i64" && to !== "i64", `lanes: no conversion of ${from} to ${to}`);
  if (from === "mask") return (x) => (x === 0 ? 0 : 1);
  if (to === "mask" || from === "i32") return rounded[to];
  return to === "i32" ? saturated : rounded[to];
}

function saturated(x: number): number {
  return Math.max(-2147483648, Math.min(2147483647, Math.trunc(x))) | 0;
}

function nearest(x: number): number {
  const up = Math.round(x);
  return up - x === 0.5 && up % 2 !== 0 ? up - 1 : up;
}

/** High 32 bits of the unsigned product, by 16-bit halves. */
function highProduct(x: number, y: number): number {
  const [xl, xh, yl, yh] = [x & 0xffff, x >>> 16, y & 0xffff, y >>> 16];
  const middle = xh * yl + ((xl * yl) >>> 16);
  return (xh * yh + Math.floor((xl * yh + middle) / 65536)) | 0;
}

const mask = (condition: boolean): number => (condition ? -1 : 0);

const comparisons = {
  eq: (x, y) => mask(x === y),
  ne: (x, y) => mask(x !== y),
  lt: (x, y) => mask(x < y),
  le: (x, y) => mask(x <= y),
  gt: (x, y) => mask(x > y),
  ge: (x, y) => mask(x >= y),
} satisfies Record<string, NumberRule>;

/** What does not round; Math.min and Math.max have Wasm's NaN and signed zeros. */
const floatRules = {
  ...comparisons,
  min: (x, y) => Math.min(x, y),
  max: (x, y) => Math.max(x, y),
  neg: (x) => -x,
  abs: (x) => Math.abs(x),
  floor: (x) => Math.floor(x),
  ceil: (x) => Math.ceil(x),
  trunc: (x) => Math.trunc(x),
  nearest,
} satisfies Record<string, NumberRule>;

const bitRules = {
  and: (x, y) => x & y,
  or: (x, y) => x | y,
  xor: (x, y) => x ^ y,
  not: (x) => ~x,
} satisfies Record<string, NumberRule>;

const singleRules = {
  ...floatRules,
  add: (x, y) => Math.fround(x + y),
  sub: (x, y) => Math.fround(x - y),
  mul: (x, y) => Math.fround(x * y),
  div: (x, y) => Math.fround(x / y),
  sqrt: (x) => Math.fround(Math.sqrt(x)),
} satisfies Record<string, NumberRule>;

const doubleRules = {
  ...floatRules,
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  sqrt: (x) => Math.sqrt(x),
} satisfies Record<string, NumberRule>;

const wordRules = {
  ...comparisons,
  ...bitRules,
  add: (x, y) => (x + y) | 0,
  sub: (x, y) => (x - y) | 0,
  mul: (x, y) => Math.imul(x, y),
  mulhi: highProduct,
  min: (x, y) => Math.min(x, y),
  max: (x, y) => Math.max(x, y),
  neg: (x) => -x | 0,
  abs: (x) => Math.abs(x) | 0,
} satisfies Record<string, NumberRule>;

const unfusedMadd32: NumberRule = (x, y, z) => Math.fround(Math.fround(x * y) + z);
const unfusedMadd64: NumberRule = (x, y, z) => x * y + z;

function numberRules(type: LaneType, fused: boolean): Readonly<Record<string, NumberRule>> {
  if (type === "f32") return { ...singleRules, madd: fused ? fusedMadd32 : unfusedMadd32 };
  if (type === "f64") return { ...doubleRules, madd: fused ? fusedMadd64 : unfusedMadd64 };
  return type === "i32" ? wordRules : bitRules;
}

/** Results are wrapped to 64 bits when they are stored. */
const longRules: Readonly<Record<string, LongRule>> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  and: (x, y) => x & y,
  or: (x, y) => x | y,
  xor: (x, y) => x ^ y,
  not: (x) => ~x,
};
