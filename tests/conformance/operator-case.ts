// One operator case of the corpus: call, value, mutations, gradients, second order. All of it is asked
// for before anything is awaited, so that a case is one request wherever its shapes allow that.

import { type Adapter, camelCase, isPromise, type Tensor } from "./adapter.ts";
import { type Actual, agrees, describeMismatch } from "./compare.ts";
import {
  type Case,
  type ErrorCase,
  floatOf,
  isRecord,
  type StoredGradient,
  type StoredTensor,
  type Tree,
  type ValueCase,
  type Variant,
} from "./corpus.ts";
import {
  CaseFailure,
  during,
  failureOf,
  isRefusal,
  MissingName,
  mismatched,
  type Note,
  type Outcome,
  type Stage,
  shown,
  textOf,
} from "./outcome.ts";
import { agreesUpTo } from "./undetermined.ts";

export function runCase(adapter: Adapter, { call, compare }: Variant, one: Case): Promise<Outcome> {
  const prepare = (tensors: readonly Tensor[]) =>
    adapter.prepare(call, one.args, one.kwargs, tensors);
  return runSubject(adapter, one, { prepare, compare });
}

/** What is checked in a case. */
export interface Subject {
  /** Decodes the arguments, now; the result makes the call. May put others in the tensors' places. */
  prepare(tensors: Tensor[]): () => unknown;
  /** Free text, present when a result is only defined up to something. */
  readonly compare?: string | undefined;
}

type CheckedValue = Omit<ValueCase, "args" | "kwargs" | "constructor">;
type CheckedError = Omit<ErrorCase, "args" | "kwargs" | "constructor">;
type Checked = CheckedValue | CheckedError;

/** The case's outcome; nothing of it is thrown. */
export async function runSubject(
  adapter: Adapter,
  one: Checked,
  subject: Subject,
): Promise<Outcome> {
  const { id, kind } = one;
  const notes: Note[] = [];
  const outcome = { id, kind, reason: "", isMismatch: false, notes };
  try {
    refuseUnknownDtypes(adapter, one);
    if (one.kind === "value") await new ValueRun(adapter, subject, one, notes).run();
    else await mustFail(adapter, subject, one);
    return { ...outcome, verdict: "passed", stage: one.kind };
  } catch (error) {
    if (error instanceof MissingName) {
      return { ...outcome, verdict: "missing", stage: "build", reason: error.missing };
    }
    const failure = failureOf("call", error) as CaseFailure;
    const { stage, message, isMismatch } = failure;
    return { ...outcome, verdict: "failed", stage, reason: message, isMismatch };
  }
}

/** A dtype among an error case's arguments may be the very thing to refuse. */
function refuseUnknownDtypes(adapter: Adapter, one: Checked): void {
  const needed = one.kind === "value" ? one.dtypes : one.tensors.map(({ dtype }) => dtype);
  const unknown = needed.find((dtype) => adapter.lacks(dtype));
  if (unknown !== undefined) throw new MissingName(`dtype ${unknown}`);
}

/** What `tensor.data()` brought, or why nothing came: never rejects, so it may be awaited late. */
type Read = Promise<Actual | Error>;

export async function read(tensor: Tensor): Read {
  try {
    const { shape, dtype } = tensor;
    return { shape: [...shape], dtype, values: await tensor.data() };
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

async function mustFail(adapter: Adapter, subject: Subject, one: CheckedError): Promise<void> {
  const tensors = during("build", () => one.tensors.map((stored) => adapter.tensor(stored)));
  try {
    const result = await subject.prepare(tensors)();
    const reads = await Promise.all(tensorsIn(adapter, result).map(read));
    for (const actual of reads) if (actual instanceof Error) throw actual;
  } catch (error) {
    if (error instanceof MissingName) throw error;
    if (isRefusal(error)) return;
    throw new CaseFailure("error", `stumbled instead of refusing: ${textOf(error)}`, false);
  }
  const { type, message } = one.error;
  throw mismatched("error", `nothing was thrown; PyTorch: ${type}: ${message.split("\n")[0]}`);
}

function tensorsIn(adapter: Adapter, result: unknown): Tensor[] {
  if (adapter.isTensor(result)) return [result];
  if (typeof result !== "object" || result === null || !(Symbol.iterator in result)) return [];
  return [...(result as Iterable<unknown>)].flatMap((item) => tensorsIn(adapter, item));
}

interface Expected {
  readonly stage: Stage;
  readonly label: string;
  readonly want: StoredTensor;
  readonly actual: Read;
}

class ValueRun {
  readonly #adapter: Adapter;
  readonly #subject: Subject;
  readonly #case: CheckedValue;
  readonly #notes: Note[];

  constructor(adapter: Adapter, subject: Subject, one: CheckedValue, notes: Note[]) {
    this.#adapter = adapter;
    this.#subject = subject;
    this.#case = one;
    this.#notes = notes;
  }

  async run(): Promise<void> {
    const one = this.#case;
    const tensors = during("build", () => one.tensors.map((item) => this.#adapter.tensor(item)));
    const outputs = await this.#call(tensors);
    const values = one.outputs.map((want, i) => this.#expect("value", i, want, outputs[i]!));
    const mutations = (one.mutations ?? []).map(({ tensor, value }) =>
      this.#expect("mutation", tensor, value, tensors[tensor]!),
    );
    let gradients: readonly Expected[] | Error;
    try {
      gradients = one.grads ? this.#differentiate(outputs, tensors) : [];
    } catch (error) {
      gradients = failureOf("grad", error);
    }
    // A wrong value says more than the gradient that failed because of it.
    await this.#checkValues(values);
    await this.#check(mutations);
    if (gradients instanceof Error) throw gradients;
    await this.#check(gradients);
    this.#noteGradFn(outputs);
  }

  async #call(tensors: Tensor[]): Promise<Tensor[]> {
    const { result } = this.#case;
    const call = during("build", () => this.#subject.prepare(tensors));
    let actual = during("call", call);
    try {
      if (isPromise(actual)) actual = await actual;
    } catch (error) {
      throw failureOf("call", error);
    }
    const outputs: Tensor[] = [];
    during("value", () => flatten(this.#adapter, actual, result, outputs, "result"));
    return outputs;
  }

  #expect(stage: Stage, at: number, want: StoredTensor, tensor: Tensor): Expected {
    const names: Record<string, string> = { value: "output", mutation: "tensor" };
    return { stage, label: `${names[stage] ?? "input"} ${at}`, want, actual: read(tensor) };
  }

  /** Step 3 and 4 of the corpus: g = grad(outputs, inputs, cotangents); dS/d(inputs), S = Σ sum(g·v). */
  #differentiate(outputs: readonly Tensor[], tensors: readonly Tensor[]): Expected[] {
    const { grads = [], cotangents = [], second_order: second } = this.#case;
    const { root } = this.#adapter;
    const inputs = grads.map(({ tensor }) => tensors[tensor]!);
    const seeded = cotangents.flatMap((cotangent, i) => (cotangent ? [{ cotangent, i }] : []));
    const first = root.grad(
      seeded.map(({ i }) => outputs[i]!),
      inputs,
      {
        gradOutputs: seeded.map(({ cotangent }) => this.#adapter.tensor(cotangent)),
        createGraph: second !== undefined,
        allowUnused: true,
      },
    );
    const expected = this.#expectGradients("grad", grads, first);
    if (!second) return expected;
    const again = during("second_order", () => {
      const byTensor = new Map(grads.map(({ tensor }, i) => [tensor, first[i] ?? null]));
      const terms = second.vectors.flatMap(({ tensor, value }) => {
        const g = byTensor.get(tensor);
        return g ? [g.mul(this.#adapter.tensor(value)).sum()] : [];
      });
      const [head, ...tail] = terms;
      const S = tail.reduce<Tensor | undefined>((sum, term) => sum?.add(term), head);
      if (!S?.requiresGrad) return inputs.map(() => null);
      return root.grad([S], inputs, { allowUnused: true });
    });
    return [...expected, ...this.#expectGradients("second_order", second.grads, again)];
  }

  /** Where PyTorch found no path, null and zeros are both right. */
  #expectGradients(
    stage: "grad" | "second_order",
    wanted: readonly StoredGradient[],
    actual: readonly (Tensor | null)[],
  ): Expected[] {
    return wanted.flatMap(({ tensor: at, value }, i) => {
      const tensor = actual[i] ?? null;
      if (tensor === null && value === null) return [];
      if (tensor === null) throw mismatched(stage, `input ${at}: null, expected a tensor`);
      return [this.#expect(stage, at, value ?? zerosLike(this.#case.tensors[at]!), tensor)];
    });
  }

  async #checkValues(values: readonly Expected[]): Promise<void> {
    const note = this.#subject.compare;
    try {
      await this.#check(values);
    } catch (error) {
      const actual = await Promise.all(values.map((value) => value.actual));
      const outputs = actual.filter((one): one is Actual => !(one instanceof Error));
      const wanted = this.#case.outputs;
      if (!note || outputs.length < wanted.length) throw error;
      if (!agreesUpTo(note, outputs, wanted, this.#case.tensors[0])) throw error;
      this.#notes.push({ about: "undetermined", text: note });
    }
  }

  async #check(expected: readonly Expected[]): Promise<void> {
    for (const { stage, label, want, actual } of expected) {
      const found = await actual;
      if (found instanceof Error) throw new CaseFailure(stage, `${label}: ${textOf(found)}`, false);
      const mismatch = describeMismatch(found, want);
      if (mismatch === null) continue;
      const text = `${label}: ${mismatch.reason}`;
      if (!want.ill_conditioned || !mismatch.onlyValues) throw mismatched(stage, text);
      this.#notes.push({ about: "illConditioned", text: `${stage}: ${text}` });
    }
  }

  #noteGradFn(outputs: readonly Tensor[]): void {
    this.#case.grad_fn?.forEach((wanted, i) => {
      const found = outputs[i]?.gradFn?.name ?? null;
      if (found === wanted) return;
      this.#notes.push({ about: "gradFn", text: `output ${i}: ${found}, in PyTorch ${wanted}` });
    });
  }
}

function zerosLike({ shape, dtype }: StoredTensor): StoredTensor {
  const length = shape.reduce((a, b) => a * b, dtype === "float64" ? 8 : 4);
  return { shape, dtype, data: btoa("\0".repeat(length)), atol: 0, rtol: 0 };
}

/** Collects the tensors of `actual` in the order of `expected`; scalars are compared on the spot. */
function flatten(
  adapter: Adapter,
  actual: unknown,
  expected: Tree,
  outputs: Tensor[],
  path: string,
): void {
  if (isRecord(expected) && "out" in expected) {
    if (!adapter.isTensor(actual))
      throw mismatched("value", `${path}: no tensor, but ${shown(actual)}`);
    outputs[expected.out as number] = actual;
  } else if (isRecord(expected) && "named" in expected) {
    for (const [name, item] of expected.named as readonly [string, Tree][]) {
      const field = (Object(actual) as Record<string, unknown>)[camelCase(name)];
      flatten(adapter, field, item, outputs, `${path}.${name}`);
    }
  } else if (Array.isArray(expected) || (isRecord(expected) && "tuple" in expected)) {
    const items = (Array.isArray(expected) ? expected : Object(expected).tuple) as readonly Tree[];
    const found = itemsOf(actual, path);
    if (found.length !== items.length) {
      throw mismatched("value", `${path}: ${found.length} items, expected ${items.length}`);
    }
    items.forEach((item, i) => void flatten(adapter, found[i], item, outputs, `${path}[${i}]`));
  } else compareScalar(actual, expected, path);
}

function itemsOf(actual: unknown, path: string): unknown[] {
  const iterates = typeof actual === "object" && actual !== null && Symbol.iterator in actual;
  if (!iterates) throw mismatched("value", `${path}: not iterable: ${shown(actual)}`);
  return [...(actual as Iterable<unknown>)];
}

function compareScalar(actual: unknown, expected: Tree, path: string): void {
  const isFloat = isRecord(expected) && "float" in expected;
  const isSame =
    typeof expected === "number" || isFloat
      ? (typeof actual === "number" || typeof actual === "bigint") &&
        agrees(actual, isFloat ? floatOf(expected.float!) : (expected as number), {
          atol: isFloat ? 0 : undefined,
          rtol: 1.3e-6,
        })
      : actual === expected;
  if (!isSame) throw mismatched("value", `${path}: ${shown(actual)}, expected ${shown(expected)}`);
}
