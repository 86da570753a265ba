// The corpus' sections on meaning, as jobs like the operators' cases: printing, dtype promotion and
// recorded programs.

import { type Adapter, isPromise } from "./adapter.ts";
import type { Job } from "./batches.ts";
import {
  type BinaryPromotion,
  floatOf,
  isRecord,
  type Printed,
  type Promotion,
  type PromotionOperand,
  type Semantics,
  type Tree,
  type UnaryPromotion,
} from "./corpus.ts";
import {
  CaseFailure,
  failureOf,
  isRefusal,
  type Kind,
  MissingName,
  mismatched,
  type Outcome,
  textOf,
} from "./outcome.ts";
import { ProgramRun } from "./program-run.ts";

export const sections = ["reprs", "promotion", "programs"] as const;
export type Section = (typeof sections)[number];

/** Every job of a section; without an adapter they are only good for their ids. */
export function semanticJobs(semantics: Semantics, section: Section, adapter?: Adapter): Job[] {
  const job = (id: string, kind: Kind, isAlone: boolean, run: (adapter: Adapter) => unknown) => ({
    id,
    kind,
    isAlone,
    run: () => settled(id, kind, async () => run(adapter!)),
  });
  const { promotion } = semantics;
  switch (section) {
    case "reprs":
      return semantics.reprs.map((one) =>
        job(one.id, "repr", false, (api) => checkPrinted(api, one)),
      );
    case "programs":
      return semantics.programs.map((one) =>
        job(one.id, "program", true, (api) => {
          refuseUnknown(api, dtypesIn(one.steps));
          return new ProgramRun(api, one).run();
        }),
      );
    case "promotion":
      return [
        ...promotion.binary.map((one) =>
          job(binaryId(one), "promotion", false, (api) => checkBinary(api, one)),
        ),
        ...promotion.unary.map((one) =>
          job(`promotion/${one.op}/${one.dtype}`, "promotion", false, (api) =>
            checkUnary(api, one),
          ),
        ),
        ...tableJobs(promotion, job),
      ];
  }
}

type MakeJob = (id: string, kind: Kind, isAlone: boolean, run: (api: Adapter) => unknown) => Job;

function tableJobs({ promote_types, can_cast }: Promotion, job: MakeJob): Job[] {
  const check = (name: string, [a, b, want]: readonly [string, string, unknown]) =>
    job(`promotion/${name}/${a},${b}`, "promotion", false, (api) => {
      refuseUnknown(api, [a, b]);
      const found = api.call(`torch.${name}`, [a, b]);
      if (found !== want) throw mismatched("value", `${found}, expected ${want}`);
    });
  return [
    ...promote_types.map((row) => check("promote_types", row)),
    ...can_cast.map((row) => check("can_cast", row)),
  ];
}

/** The outcome of a case that is checked as it runs. */
export async function settled(
  id: string,
  kind: Kind,
  run: () => Promise<unknown>,
): Promise<Outcome> {
  const outcome = { id, kind, reason: "", isMismatch: false, notes: [] };
  try {
    await run();
    return { ...outcome, verdict: "passed", stage: "value" };
  } catch (error) {
    if (error instanceof MissingName) {
      return { ...outcome, verdict: "missing", stage: "build", reason: error.missing };
    }
    const { stage, message, isMismatch } = failureOf("call", error) as CaseFailure;
    return { ...outcome, verdict: "failed", stage, reason: message, isMismatch };
  }
}

async function checkPrinted(adapter: Adapter, one: Printed): Promise<void> {
  refuseUnknown(adapter, [one.tensor.dtype]);
  const tensor = await adapter.tensor(one.tensor).realize();
  const options = one.print_options && adapter.decodeRecord(one.print_options, []);
  // Set and restored without an await in between: other cases print, too.
  if (options) adapter.call("torch.set_printoptions", [], options);
  const printed = String(tensor);
  if (options) adapter.call("torch.set_printoptions", [], { profile: "default" });
  if (printed !== one.repr) {
    throw mismatched("value", `${JSON.stringify(printed)}, expected ${JSON.stringify(one.repr)}`);
  }
}

const spelled = (operand: PromotionOperand): string =>
  operand.kind === "tensor" ? `${operand.dtype}[${operand.dim}]` : operand.type;

const binaryId = ({ op, a, b }: BinaryPromotion): string =>
  `promotion/${op}/${spelled(a)},${spelled(b)}`;

function refuseUnknown(adapter: Adapter, dtypes: readonly unknown[]): void {
  const unknown = dtypes.find((dtype) => typeof dtype === "string" && adapter.lacks(dtype));
  if (unknown !== undefined) throw new MissingName(`dtype ${unknown}`);
}

/** Every dtype that a program names or was observed to come to. */
function dtypesIn(part: unknown): unknown[] {
  if (typeof part !== "object" || part === null) return [];
  const own = "dtype" in part ? [part.dtype] : [];
  return [...own, ...Object.values(part).flatMap(dtypesIn)];
}

async function checkBinary(adapter: Adapter, one: BinaryPromotion): Promise<void> {
  const { op, a, b } = one;
  refuseUnknown(
    adapter,
    [a, b].map((operand) => operand.kind === "tensor" && operand.dtype),
  );
  const [x, y] = [operandOf(adapter, a), operandOf(adapter, b)];
  await checkDTypes(adapter, one, () => {
    if (op === "where") return adapter.call("torch.where", [trueTensor(adapter), x, y]);
    if (op === "cat" || op === "stack") return adapter.call(`torch.${op}`, [[x, y]]);
    const mirror = a.kind === "scalar" && mirrored[op as keyof typeof mirrored];
    if (mirror) return adapter.call(`torch.${mirror}`, [y, x]);
    if (op.endsWith("_"))
      return adapter.method(x, op === "copy_" && b.kind === "scalar" ? "fill_" : op, [y]);
    return adapter.call(`torch.${op}`, [x, y]);
  });
}

/** PyTorch's comparisons take no number first; Python makes `2 < x` the other side's `x > 2`. */
const mirrored = { eq: "eq", ne: "ne", lt: "gt", le: "ge", gt: "lt", ge: "le" } as const;

const trueTensor = (adapter: Adapter): unknown =>
  adapter.call("torch.tensor", [true], { dtype: "bool" });

function operandOf(adapter: Adapter, operand: PromotionOperand): unknown {
  if (operand.kind === "tensor") {
    const shape = operand.dim === 0 ? [] : [2];
    return adapter.call("torch.ones", [shape], { dtype: operand.dtype });
  }
  const { value } = operand;
  return isRecord(value) && "float" in value ? adapter.root.float(floatOf(value.float!)) : value;
}

/** Arguments that some operators of the unary table cannot be called without. */
const unaryArguments: Readonly<Record<string, readonly Tree[]>> = {
  cumsum: [0],
  cumprod: [0],
  softmax: [0],
  log_softmax: [0],
  topk: [1],
};

/** Rows of the unary table that name a call rather than an operator. */
const unaryCalls: Readonly<Record<string, readonly [string, readonly Tree[], object]>> = {
  clamp: ["clamp", [0, 1], {}],
  "clamp(0.5)": ["clamp", [{ float: 0.5 }], {}],
  add_scalar_float: ["add", [{ float: 1.5 }], {}],
  "sum(dtype=float32)": ["sum", [], { dtype: "float32" }],
  "mean(dtype=float32)": ["mean", [], { dtype: "float32" }],
};

async function checkUnary(adapter: Adapter, one: UnaryPromotion): Promise<void> {
  refuseUnknown(adapter, [one.dtype]);
  const [op, rest, options] = unaryCalls[one.op] ?? [one.op, unaryArguments[one.op] ?? [], {}];
  const x = adapter.call("torch.ones", [[2, 2]], { dtype: one.dtype });
  const args = [x, ...rest.map((tree) => adapter.decode(tree, []))];
  const inner = `torch.nn.functional.${op}`;
  const name = adapter.has(inner) && !adapter.has(`torch.${op}`) ? inner : `torch.${op}`;
  await checkDTypes(adapter, one, () => adapter.call(name, args, options));
}

async function checkDTypes(
  adapter: Adapter,
  { result, error: wanted }: BinaryPromotion | UnaryPromotion,
  call: () => unknown,
): Promise<void> {
  let found: unknown;
  try {
    const made = call();
    found = isPromise(made) ? await made : made;
  } catch (error) {
    if (error instanceof MissingName) throw error;
    if (wanted && isRefusal(error)) return;
    throw new CaseFailure(wanted ? "error" : "call", textOf(error), false);
  }
  const items = adapter.isTensor(found) ? [found] : [...(found as Iterable<{ dtype: string }>)];
  const dtypes = items.map(({ dtype }) => dtype).join();
  if (wanted) throw mismatched("error", `${dtypes}; PyTorch: ${wanted.type}: ${wanted.message}`);
  refuseUnknown(adapter, [result].flat());
  const expected = [result].flat().join();
  if (dtypes !== expected) throw mismatched("value", `dtype ${dtypes}, expected ${expected}`);
}
