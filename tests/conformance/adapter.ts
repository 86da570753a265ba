// From the corpus' Python to the public API by rule: snake_case → camelCase, torch.a.b → export b of
// a, keyword arguments → a last plain object, operators and reflected operators → functions. What has
// no export is a MissingName. Nothing here knows which functions exist.

import {
  type Call,
  elementsOf,
  floatOf,
  isRecord,
  type StoredTensor,
  type Tree,
} from "./corpus.ts";
import { MissingName } from "./outcome.ts";

export interface Tensor {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly requiresGrad: boolean;
  readonly isLeaf: boolean;
  readonly gradFn: { readonly name: string } | null;
  data(): Promise<ArrayLike<number | bigint>>;
  realize(): Promise<Tensor>;
  reshape(shape: readonly number[]): Tensor;
  select(dim: number, index: number): Tensor;
  requiresGrad_(requiresGrad: boolean): Tensor;
  mul(other: Tensor): Tensor;
  add(other: Tensor): Tensor;
  sum(): Tensor;
}

/** What the runner itself needs; everything else is looked up by name. */
export interface Root {
  readonly Tensor: abstract new (...args: never[]) => Tensor;
  tensor(values: unknown, options: { dtype: string }): Tensor;
  float(value: number): unknown;
  slice(start: unknown, stop: unknown, step: unknown): unknown;
  grad(
    outputs: readonly Tensor[],
    inputs: readonly Tensor[],
    options: {
      gradOutputs?: readonly Tensor[];
      createGraph?: boolean;
      retainGraph?: boolean;
      allowUnused?: boolean;
    },
  ): readonly (Tensor | null)[];
}

/** Namespace path ("" for the root, "nn", …) → the module's exports. */
export type Modules = Readonly<Record<string, object>>;

/** Names that no rule finds, each with its reason. */
const byHand: Readonly<Record<string, string>> = {
  // Exported at the root only: it is what almost every program imports.
  "torch.autograd.grad": "torch.grad",
  "torch.autograd.backward": "torch.backward",
  // Two words that Python runs together.
  "torch.set_printoptions": "torch.set_print_options",
};

/** Python's special methods without the underscores, their operators and PyTorch's functions. */
const operators = [
  ["add", "+", "add"],
  ["sub", "-", "sub"],
  ["mul", "*", "mul"],
  ["div", "/", "div"],
  ["truediv", "/", "div"],
  ["floordiv", "//", "floor_divide"],
  ["mod", "%", "remainder"],
  ["pow", "**", "pow"],
  ["matmul", "@", "matmul"],
  ["and", "&", "bitwise_and"],
  ["or", "|", "bitwise_or"],
  ["xor", "^", "bitwise_xor"],
  ["lshift", "<<", "bitwise_left_shift"],
  ["rshift", ">>", "bitwise_right_shift"],
  ["eq", "==", "eq"],
  ["ne", "!=", "ne"],
  ["lt", "<", "lt"],
  ["le", "<=", "le"],
  ["gt", ">", "gt"],
  ["ge", ">=", "ge"],
  ["neg", "unary -", "neg"],
  ["invert", "unary ~", "bitwise_not"],
] as const;

export function functionOfOperator(symbol: string): string {
  const found = operators.find(([, operator]) => operator === symbol);
  if (!found) throw new Error(`corpus: no operator ${symbol}`);
  return `torch.${found[2]}`;
}

/** index_add_ → indexAdd_, _random_samples → randomSamples, keepdim → keepdim, LU → LU. */
export function camelCase(name: string): string {
  return name
    .replace(/^_+/, "")
    .replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

export const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" &&
  value !== null &&
  "then" in value &&
  typeof value.then === "function";

export class Adapter {
  readonly #modules: Modules;
  readonly #dtypes = new Map<string, boolean>();

  constructor(modules: Modules) {
    this.#modules = modules;
  }

  get root(): Root {
    return this.#modules[""] as Root;
  }

  /** A dtype that no tensor can be made of does not exist. */
  lacks(dtype: string): boolean {
    const known = this.#dtypes.get(dtype);
    if (known !== undefined) return !known;
    let has = true;
    try {
      this.root.tensor([1], { dtype });
    } catch {
      has = false;
    }
    this.#dtypes.set(dtype, has);
    return !has;
  }

  isTensor(value: unknown): value is Tensor {
    return value instanceof this.root.Tensor;
  }

  /** "torch.nn.functional.relu" → nn.functional.relu, from the root or from a module of that path. */
  lookUp(name: string): unknown {
    const path = (byHand[name] ?? name).split(".").slice(1).map(camelCase);
    for (let split = 0; split < path.length; split++) {
      const found = walk(this.#modules[path.slice(0, split).join("/")], path.slice(split));
      if (found !== undefined) return found;
    }
    throw new MissingName(path.join("."));
  }

  has(name: string): boolean {
    try {
      this.lookUp(name);
      return true;
    } catch (error) {
      if (error instanceof MissingName) return false;
      throw error;
    }
  }

  /** Calls a function, or constructs when `name` is a class. */
  call(name: string, args: readonly unknown[], kwargs: object = {}): unknown {
    return invoke(this.lookUp(name), withOptions(args, kwargs));
  }

  /** Calls a value: a function, or a module's forward pass. */
  callValue(value: unknown, args: readonly unknown[], kwargs: object = {}): unknown {
    if (typeof value === "function") return invoke(value, withOptions(args, kwargs));
    return this.method(value, "call" in Object(value) ? "call" : "forward", args, kwargs);
  }

  /** Calls a method, or reads the property of that name, which is what JavaScript makes of a getter. */
  method(target: unknown, name: string, args: readonly unknown[], kwargs: object = {}): unknown {
    if (name === "__getitem__") return this.index(target, args[0]);
    const reflected = operators.find(([special]) => name === `__r${special}__`);
    // Only tensors have what Python reflects to: of a number, PyTorch too has nothing to call.
    if (reflected && !this.isTensor(target)) {
      throw new Error(`${name}: a ${kindOf(target)} has no such method`);
    }
    if (reflected) return this.call(`torch.${reflected[2]}`, [args[0], target]);
    const member = this.property(target, name);
    if (typeof member !== "function" && args.length === 0) return member;
    return (member as (...args: unknown[]) => unknown).apply(target, withOptions(args, kwargs));
  }

  property(target: unknown, name: string): unknown {
    const key = camelCase(name);
    const owner = Object(target) as Record<string, unknown>;
    if (!(key in owner)) throw new MissingName(`${kindOf(target)}.${key}`);
    return owner[key];
  }

  /** x[1:3, None, [0, 2]] → x.index(slice(1, 3, null), null, [0, 2]). */
  index(target: unknown, key: unknown): unknown {
    const parts = key instanceof Tuple ? [...key] : [key];
    return this.method(target, "index", parts);
  }

  /** A leaf with the stored elements; `contiguous: false` becomes every other element of a larger one. */
  tensor(stored: StoredTensor): Tensor {
    const { shape, dtype, contiguous, requires_grad: requiresGrad } = stored;
    const { tensor } = this.root;
    const elements = elementsOf(stored);
    const made =
      contiguous === false
        ? tensor(interleaved(elements), { dtype })
            .reshape([...shape, 2])
            .select(shape.length, 0)
        : tensor(elements, { dtype }).reshape(shape);
    return requiresGrad ? made.requiresGrad_(true) : made;
  }

  /** An argument tree as the API's values. */
  decode(tree: Tree, tensors: readonly Tensor[]): unknown {
    if (Array.isArray(tree)) return tree.map((item: Tree) => this.decode(item, tensors));
    if (!isRecord(tree)) return tree;
    const many = (items: Tree) =>
      (items as readonly Tree[]).map((item) => this.decode(item, tensors));
    if ("tensor" in tree) return tensors[tree.tensor as number];
    if ("float" in tree) return this.root.float(floatOf(tree.float!));
    if ("int" in tree) return BigInt(tree.int as string);
    if ("tuple" in tree) return Tuple.from(many(tree.tuple!));
    if ("slice" in tree) {
      const [start, stop, step] = many(tree.slice!);
      return this.root.slice(start, stop, step);
    }
    if ("ellipsis" in tree) return "...";
    if ("function" in tree) return this.lookUp(tree.function as string);
    if ("module" in tree) {
      const kwargs = this.decodeRecord(tree.kwargs as Record<string, Tree>, tensors);
      const module = this.call(tree.module as string, many(tree.args!), kwargs);
      return (...args: unknown[]) => this.callValue(module, args);
    }
    for (const name of ["dtype", "memory_format", "layout", "device"]) {
      if (name in tree) return tree[name];
    }
    throw new Error(`corpus: no value ${JSON.stringify(tree)}`);
  }

  decodeRecord(record: Readonly<Record<string, Tree>>, tensors: readonly Tensor[]): object {
    const entries = Object.entries(record).map(([name, tree]) => [
      name,
      this.decode(tree, tensors),
    ]);
    return Object.fromEntries(entries);
  }

  /** Finds what `call` names, now; decodes the arguments, now; the result makes the call. */
  prepare(
    call: Call,
    args: readonly Tree[],
    kwargs: Readonly<Record<string, Tree>>,
    tensors: readonly Tensor[],
  ): () => unknown {
    if ("function" in call) this.lookUp(call.function);
    const [target, ...rest] = args.map((tree) => this.decode(tree, tensors));
    const options = this.decodeRecord(kwargs, tensors);
    if ("function" in call) {
      const all = args.length === 0 ? [] : [target, ...rest];
      return () => this.call(call.function, all, options);
    }
    if ("property" in call) return () => this.property(target, call.property);
    return () => this.method(target, call.method, rest, options);
  }
}

/** A Python tuple: an array to the API, but several indices where it is an index. */
export class Tuple extends Array<unknown> {
  static override get [Symbol.species]() {
    return Array;
  }
}

function walk(start: object | undefined, path: readonly string[]): unknown {
  let found: unknown = start;
  for (const key of path) {
    if (found === undefined || found === null || !(key in Object(found))) return undefined;
    found = (found as Record<string, unknown>)[key];
  }
  return found;
}

function withOptions(args: readonly unknown[], kwargs: object): unknown[] {
  const entries = Object.entries(kwargs).map(([name, value]) => [camelCase(name), value]);
  const plain = args.map((arg) => (arg instanceof Tuple ? [...arg] : arg));
  return entries.length === 0 ? plain : [...plain, Object.fromEntries(entries)];
}

function invoke(callee: unknown, args: readonly unknown[]): unknown {
  if (typeof callee !== "function") throw new TypeError(`${String(callee)} cannot be called`);
  const isClass = /^class\b/.test(Function.prototype.toString.call(callee));
  return isClass ? Reflect.construct(callee, args) : Reflect.apply(callee, undefined, args);
}

function kindOf(value: unknown): string {
  return typeof value === "object" && value !== null ? value.constructor.name : typeof value;
}

/** Each element followed by one that nobody may read. */
function interleaved(elements: ReturnType<typeof elementsOf>): typeof elements {
  const Elements = elements.constructor as new (length: number) => typeof elements;
  const made = new Elements(elements.length * 2);
  const decoy = elements instanceof BigInt64Array ? 1n : 1;
  elements.forEach((element: number | bigint, i: number) => {
    made[2 * i] = element;
    made[2 * i + 1] = decoy;
  });
  return made;
}
