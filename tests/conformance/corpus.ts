// The golden corpus as data: its types (the corpus' own README is the reference) and the decoding of
// a stored tensor's elements. Runs in Node and in the page.

export interface StoredTensor {
  readonly shape: readonly number[];
  readonly dtype: string;
  /** Base64 of the elements, little-endian, row-major. */
  readonly data: string;
  readonly requires_grad?: boolean;
  readonly contiguous?: boolean;
  readonly atol?: number;
  readonly rtol?: number;
  readonly ref?: "float32";
  readonly ill_conditioned?: boolean;
}

/** An argument or result tree; which keys mean what is decided by `decode` of the adapter. */
export type Tree =
  | null
  | boolean
  | string
  | number
  | readonly Tree[]
  | { readonly [key: string]: Tree };

export type Call =
  | { readonly function: string }
  | { readonly method: string }
  | { readonly property: string };

interface AnyCase {
  readonly id: string;
  readonly args: readonly Tree[];
  readonly kwargs: { readonly [name: string]: Tree };
  readonly tensors: readonly StoredTensor[];
  /** Every dtype that occurs anywhere in the case. */
  readonly dtypes: readonly string[];
}

/** The expected gradient of the `tensor`-th input; null when PyTorch found no path. */
export interface StoredGradient {
  readonly tensor: number;
  readonly value: StoredTensor | null;
}

export interface ValueCase extends AnyCase {
  readonly kind: "value";
  /** That the inputs were made for. */
  readonly dtype: string;
  readonly result: Tree;
  readonly outputs: readonly StoredTensor[];
  readonly grad_fn?: readonly (string | null)[];
  readonly cotangents?: readonly (StoredTensor | null)[];
  readonly grads?: readonly StoredGradient[];
  readonly second_order?: {
    readonly vectors: readonly { readonly tensor: number; readonly value: StoredTensor }[];
    readonly grads: readonly StoredGradient[];
  };
  readonly mutations?: readonly { readonly tensor: number; readonly value: StoredTensor }[];
}

export interface ErrorCase extends AnyCase {
  readonly kind: "error";
  readonly error: { readonly type: string; readonly message: string };
}

export type Case = ValueCase | ErrorCase;

export interface Variant {
  readonly variant: string;
  readonly tier: number;
  readonly group: string;
  readonly call: Call;
  /** Free text, present when a result is only defined up to something. */
  readonly compare?: string;
  readonly cases: readonly Case[];
}

export interface OperatorFile {
  readonly op: string;
  readonly variants: readonly Variant[];
}

/** A call's arguments. */
export interface StoredArguments {
  readonly args: readonly Tree[];
  readonly kwargs: { readonly [name: string]: Tree };
}

interface AnyModuleCase {
  readonly constructor: StoredArguments;
  readonly forward: StoredArguments;
}

export interface ModuleValueCase
  extends AnyModuleCase,
    Omit<ValueCase, "args" | "kwargs" | "constructor"> {
  readonly training: boolean;
  /** The whole state dict, in order. */
  readonly state: readonly { readonly name: string; readonly tensor: number }[];
}

export interface ModuleErrorCase
  extends AnyModuleCase,
    Omit<ErrorCase, "args" | "kwargs" | "constructor"> {
  readonly stage: "constructor" | "forward";
}

export type ModuleCase = ModuleValueCase | ModuleErrorCase;

export interface ModuleFile {
  readonly module: string;
  readonly cases: readonly ModuleCase[];
}

type Options = { readonly [name: string]: Tree };

interface NamedTensor extends StoredTensor {
  readonly name: string;
}

/** A two-layer network and its data. */
export interface OptimProblem {
  readonly params: readonly NamedTensor[];
  readonly x: StoredTensor;
  readonly y: StoredTensor;
}

type TensorsByName = { readonly [name: string]: StoredTensor };

export interface OptimizerValueCase {
  readonly id: string;
  readonly kind: "value";
  readonly kwargs: Options;
  readonly groups:
    | readonly { readonly params: readonly string[]; readonly options: Options }[]
    | null;
  readonly defaults: Options;
  readonly state_keys: readonly string[];
  readonly tensors: readonly StoredTensor[];
  readonly steps: readonly {
    readonly loss: StoredTensor;
    /** Absent where a closure is called. */
    readonly grads?: TensorsByName;
    readonly params: TensorsByName;
  }[];
}

export interface OptimizerErrorCase {
  readonly id: string;
  readonly kind: "error";
  /** Null: any. */
  readonly params: readonly Tree[] | null;
  readonly kwargs: Options;
  readonly tensors: readonly StoredTensor[];
  readonly error: { readonly type: string; readonly message: string };
}

export interface SchedulerCase {
  readonly id: string;
  readonly kind: "value";
  readonly scheduler: string;
  readonly create: Expression;
  readonly optimizer: { readonly base_lr: number; readonly momentum: number };
  readonly groups: readonly Options[] | null;
  readonly steps: number;
  readonly metrics?: readonly number[];
  /** By step, the first being the one after construction, then by group. */
  readonly lr: readonly (readonly number[])[];
  readonly momentum?: readonly (readonly number[])[];
  readonly rtol: number;
  readonly atol: number;
}

export interface ClipCase {
  readonly id: string;
  readonly kind: "value";
  readonly function: string;
  readonly kwargs: Options;
  readonly grads_before: readonly StoredTensor[];
  readonly returns: StoredTensor | null;
  readonly grads_after: readonly StoredTensor[];
}

export type OptimCase = OptimizerValueCase | OptimizerErrorCase | SchedulerCase | ClipCase;

export interface OptimFile {
  readonly optimizer: string;
  readonly problem?: OptimProblem;
  readonly cases: readonly OptimCase[];
}

export interface Printed {
  readonly id: string;
  readonly source: string;
  readonly tensor: StoredTensor;
  readonly repr: string;
  readonly str?: string;
  readonly print_options?: { readonly [name: string]: Tree };
}

export type PromotionOperand =
  | { readonly kind: "tensor"; readonly dim: 0 | 1; readonly dtype: string }
  | { readonly kind: "scalar"; readonly type: "bool" | "int" | "float"; readonly value: Tree };

interface PromotionResult {
  readonly op: string;
  readonly result?: string | readonly string[];
  readonly error?: { readonly type: string; readonly message: string };
}

export interface BinaryPromotion extends PromotionResult {
  readonly a: PromotionOperand;
  readonly b: PromotionOperand;
}

export interface UnaryPromotion extends PromotionResult {
  readonly dtype: string;
}

export interface Promotion {
  readonly binary: readonly BinaryPromotion[];
  readonly unary: readonly UnaryPromotion[];
  readonly promote_types: readonly (readonly [string, string, string])[];
  readonly can_cast: readonly (readonly [string, string, boolean])[];
}

export type Expression = Tree;

/** One statement of a program; exactly one of the statement keys is present. */
export interface Step {
  readonly assign?: string | readonly string[];
  readonly value?: Expression;
  readonly eval?: Expression;
  readonly setattr?: string;
  readonly setitem?: Expression;
  readonly on?: Expression;
  readonly augassign?: string;
  readonly target?: Expression;
  readonly with?: Expression;
  readonly body?: readonly Step[];
  readonly delete?: string;
  readonly observe?: Tree;
  readonly raises?: { readonly type: string; readonly message: string };
  readonly line?: number;
}

export interface RecordedProgram {
  readonly id: string;
  readonly topic: string;
  readonly source: readonly string[];
  readonly steps: readonly Step[];
}

export interface Semantics {
  readonly reprs: readonly Printed[];
  readonly promotion: Promotion;
  readonly programs: readonly RecordedProgram[];
}

export type Elements =
  | Uint8Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

const views = {
  bool: Uint8Array,
  uint8: Uint8Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

const halfExponentBits = { float16: 5, bfloat16: 8 } as const;

export function elementsOf({ dtype, data }: StoredTensor): Elements {
  const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
  if (dtype === "float16" || dtype === "bfloat16") {
    const exponentBits = halfExponentBits[dtype];
    return Float32Array.from(new Uint16Array(bytes.buffer), (bits) =>
      halfValue(bits, exponentBits),
    );
  }
  if (!Object.hasOwn(views, dtype)) throw new Error(`corpus: no dtype ${dtype}`);
  return new views[dtype as keyof typeof views](bytes.buffer);
}

/** (−1)^sign · 1.mantissa · 2^(exponent − bias), and IEEE's special cases. */
function halfValue(bits: number, exponentBits: 5 | 8): number {
  const mantissaBits = 15 - exponentBits;
  const bias = 2 ** (exponentBits - 1) - 1;
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> mantissaBits) & (2 ** exponentBits - 1);
  const mantissa = (bits & (2 ** mantissaBits - 1)) / 2 ** mantissaBits;
  if (exponent === 2 ** exponentBits - 1) return mantissa ? Number.NaN : sign * Infinity;
  if (exponent === 0) return sign * mantissa * 2 ** (1 - bias);
  return sign * (1 + mantissa) * 2 ** (exponent - bias);
}

/** The number in `{"float": …}`, where it may be spelled as text. */
export function floatOf(stored: Tree): number {
  if (typeof stored === "number") return stored;
  const spelled = { inf: Infinity, "-inf": -Infinity, nan: Number.NaN };
  if (typeof stored === "string" && Object.hasOwn(spelled, stored)) {
    return spelled[stored as keyof typeof spelled];
  }
  throw new Error(`corpus: no float ${JSON.stringify(stored)}`);
}

export function isRecord(tree: unknown): tree is { readonly [key: string]: Tree } {
  return typeof tree === "object" && tree !== null && !Array.isArray(tree);
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
