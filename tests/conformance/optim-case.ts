// One case of the corpus' optimizers: ten steps on a small network, a schedule, clipped gradients, or
// settings that must be refused.

import { type Adapter, camelCase, type Tensor } from "./adapter.ts";
import { agrees, describeMismatch } from "./compare.ts";
import {
  type ClipCase,
  isRecord,
  type OptimCase,
  type OptimFile,
  type OptimizerErrorCase,
  type OptimizerValueCase,
  type OptimProblem,
  type SchedulerCase,
  type StoredTensor,
  type Tree,
} from "./corpus.ts";
import { read } from "./operator-case.ts";
import {
  CaseFailure,
  isRefusal,
  MissingName,
  mismatched,
  type Outcome,
  type Stage,
  shown,
  textOf,
} from "./outcome.ts";
import { ProgramRun } from "./program-run.ts";
import { settled } from "./semantic-cases.ts";

interface Group {
  readonly lr: number;
  readonly momentum: number;
}

interface Optimizer {
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly paramGroups: readonly Group[];
  zeroGrad(): void;
  step(closure?: () => Tensor): Promise<Tensor | undefined>;
  stateDict(): { readonly state: Readonly<Record<number, object>> };
}

interface Scheduler {
  step(metric?: number): void;
  getLastLr(): readonly number[];
}

/** What is asked of a tensor here beside what operators need. */
type Leaf = Tensor & { grad: Tensor | null; backward(): Promise<void> };

/** What a case is about: an optimizer, a scheduler, a function. */
export function subjectOf({ optimizer }: OptimFile, one: OptimCase): string {
  if ("scheduler" in one) return one.scheduler;
  return "function" in one ? (one.function.split(".").at(-1) as string) : optimizer;
}

export function runOptimCase(adapter: Adapter, file: OptimFile, one: OptimCase): Promise<Outcome> {
  return settled(one.id, one.kind, async () => {
    if ("scheduler" in one) return checkSchedule(adapter, one);
    if ("function" in one) return checkClipping(adapter, one);
    if (one.kind === "error") return mustFail(adapter, file.optimizer, one);
    return new TrainingRun(adapter, file, one).run();
  });
}

async function check(
  stage: Stage,
  label: string,
  tensor: Tensor | null | undefined,
  want: StoredTensor,
): Promise<void> {
  if (!tensor) throw mismatched(stage, `${label}: none, expected a tensor`);
  const found = await read(tensor);
  if (found instanceof Error) throw new CaseFailure(stage, `${label}: ${textOf(found)}`, false);
  const mismatch = describeMismatch(found, want);
  if (mismatch) throw mismatched(stage, `${label}: ${mismatch.reason}`);
}

const leafOf = (adapter: Adapter, stored: StoredTensor): Leaf =>
  adapter.tensor({ ...stored, requires_grad: true }) as Leaf;

class TrainingRun {
  readonly #adapter: Adapter;
  readonly #case: OptimizerValueCase;
  readonly #name: string;
  readonly #params: ReadonlyMap<string, Leaf>;
  readonly #x: Tensor;
  readonly #y: Tensor;

  constructor(adapter: Adapter, { optimizer, problem }: OptimFile, one: OptimizerValueCase) {
    const { params, x, y } = problem as OptimProblem;
    this.#adapter = adapter;
    this.#case = one;
    this.#name = optimizer;
    this.#params = new Map(params.map((stored) => [stored.name, leafOf(adapter, stored)]));
    this.#x = adapter.tensor(x);
    this.#y = adapter.tensor(y);
  }

  async run(): Promise<void> {
    const optimizer = this.#made();
    for (const [at, step] of this.#case.steps.entries()) {
      const label = (what: string) => `step ${at + 1}: ${what}`;
      const loss = step.grads ? this.#lossWithGradients(optimizer) : null;
      const gradients = [...this.#params].map(([name, { grad }]) => [name, grad] as const);
      const returned = await this.#step(optimizer, loss);
      await check("call", label("loss"), returned, step.loss);
      for (const [name, grad] of gradients) {
        const want = step.grads?.[name];
        if (want) await check("grad", label(`gradient of ${name}`), grad, want);
      }
      for (const [name, want] of Object.entries(step.params)) {
        await check("value", label(name), this.#params.get(name), want);
      }
    }
    this.#checkState(optimizer);
  }

  #made(): Optimizer {
    const { kwargs, groups, defaults, tensors: stored } = this.#case;
    const tensors = stored.map((one) => this.#adapter.tensor(one));
    const decoded = (options: OptimizerValueCase["kwargs"]): object =>
      this.#adapter.decodeRecord(options, tensors);
    const given = groups
      ? groups.map(({ params, options }) => ({
          params: params.map((name) => this.#params.get(name)),
          ...decoded(options),
        }))
      : [...this.#params.values()];
    const name = `torch.optim.${this.#name}`;
    const made = this.#adapter.call(name, [given], decoded(kwargs)) as Optimizer;
    for (const [key, tree] of Object.entries(defaults)) {
      const found = plain(made.defaults[camelCase(key)]);
      const wanted = plain(this.#adapter.decode(tree, tensors));
      if (shown(found) === shown(wanted)) continue;
      throw mismatched("build", `default ${key}: ${shown(found)}, expected ${shown(wanted)}`);
    }
    return made;
  }

  /** Forward and backward are of one tick, and the step follows in it. */
  #step(optimizer: Optimizer, loss: Leaf | null): Promise<Tensor | undefined> {
    if (!loss) return optimizer.step(() => this.#lossWithGradients(optimizer));
    return optimizer.step().then(() => loss);
  }

  #lossWithGradients(optimizer: Optimizer): Leaf {
    optimizer.zeroGrad();
    // Those that are not optimized are not zeroed by the optimizer.
    for (const param of this.#params.values()) param.grad = null;
    const loss = this.#loss();
    loss.backward().catch(() => undefined);
    return loss;
  }

  #loss(): Leaf {
    const call = (name: string, ...args: unknown[]) => this.#adapter.call(`torch.${name}`, args);
    const param = (name: string) => this.#params.get(name);
    const linear = (x: unknown, layer: string) =>
      call("nn.functional.linear", x, param(`${layer}.weight`), param(`${layer}.bias`));
    const out = linear(call("tanh", linear(this.#x, "fc1")), "fc2");
    return call("mean", call("square", call("sub", out, this.#y))) as Leaf;
  }

  /** Of the first parameter; `al` is what PyTorch's LBFGS computes in, and of no use later. */
  #checkState(optimizer: Optimizer): void {
    const wanted = this.#case.state_keys.filter((key) => key !== "al").join(", ");
    const found = Object.keys(optimizer.stateDict().state[0] ?? {})
      .sort()
      .join(", ");
    if (found !== wanted) throw mismatched("value", `state: ${found}, expected ${wanted}`);
  }
}

/** Branded floats as numbers, tensors as a word: which one it is shows in the values. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return "dtype" in value ? "a tensor" : Number(value);
}

const anyTensor: StoredTensor = { shape: [1, 1], dtype: "float32", data: "AACAPw==" };

async function mustFail(adapter: Adapter, name: string, one: OptimizerErrorCase): Promise<void> {
  const { params, kwargs, tensors: stored, error } = one;
  const tensors = stored.map((one) => adapter.tensor(one));
  const given = params?.map((tree) => decodedMember(adapter, tree, tensors));
  adapter.lookUp(`torch.optim.${name}`);
  try {
    const options = adapter.decodeRecord(kwargs, tensors);
    adapter.call(`torch.optim.${name}`, [given ?? [leafOf(adapter, anyTensor)]], options);
  } catch (error) {
    if (error instanceof MissingName) throw error;
    if (isRefusal(error)) return;
    throw new CaseFailure("error", `stumbled instead of refusing: ${textOf(error)}`, false);
  }
  const { type, message } = error;
  throw mismatched("error", `nothing was thrown; PyTorch: ${type}: ${message}`);
}

/** A tensor, a named tensor, or a group of either. */
function decodedMember(adapter: Adapter, tree: Tree, tensors: readonly Tensor[]): unknown {
  if (!isRecord(tree) || !("dict" in tree)) return adapter.decode(tree, tensors);
  const entries = tree.dict as readonly (readonly [string, Tree])[];
  return Object.fromEntries(
    entries.map(([key, value]) => [camelCase(key), adapter.decode(value, tensors)]),
  );
}

async function checkSchedule(adapter: Adapter, one: SchedulerCase): Promise<void> {
  const { base_lr: lr, momentum } = one.optimizer;
  const groups = (one.groups ?? [{}]).map((options) => ({
    params: [leafOf(adapter, anyTensor)],
    ...adapter.decodeRecord(
      Object.fromEntries(Object.entries(options).map(([key, tree]) => [key, asFloat(tree)])),
      [],
    ),
  }));
  const sgd = adapter.call("torch.optim.SGD", [groups], { lr, momentum }) as Optimizer;
  const variables = new Map<string, unknown>([["optimizer", sgd]]);
  await new ProgramRun(
    adapter,
    { steps: [{ assign: "scheduler", value: one.create }] },
    variables,
  ).run();
  const scheduler = variables.get("scheduler") as Scheduler;
  checkRates(one, 0, sgd, scheduler);
  for (let at = 1; at <= one.steps; at++) {
    await sgd.step();
    const metric = one.metrics?.[at - 1];
    if (metric === undefined) scheduler.step();
    else scheduler.step(metric);
    checkRates(one, at, sgd, scheduler);
  }
}

/** A group's options are plain JSON numbers, of whatever kind they were. */
const asFloat = (tree: Tree): Tree => (typeof tree === "number" ? { float: tree } : tree);

function checkRates(one: SchedulerCase, at: number, sgd: Optimizer, scheduler: Scheduler): void {
  const last = scheduler.getLastLr();
  sgd.paramGroups.forEach((group, index) => {
    const compare = (what: string, found: unknown, wanted: number | undefined): void => {
      if (wanted === undefined || agrees(found as number, wanted, one)) return;
      const where = `after ${at} steps, group ${index}`;
      throw mismatched("value", `${where}: ${what} ${shown(found)}, expected ${wanted}`);
    };
    compare("lr", group.lr, one.lr[at]?.[index]);
    compare("last lr", last[index], one.lr[at]?.[index]);
    compare("momentum", group.momentum, one.momentum?.[at]?.[index]);
  });
}

async function checkClipping(adapter: Adapter, one: ClipCase): Promise<void> {
  const leaves = one.grads_before.map((stored) => {
    const leaf = leafOf(adapter, stored);
    leaf.grad = adapter.tensor(stored);
    return leaf;
  });
  const options = adapter.decodeRecord(one.kwargs, []);
  const returned = adapter.call(one.function, [leaves], options) as Tensor | undefined;
  if (one.returns) await check("call", "result", returned, one.returns);
  else if (returned) throw mismatched("call", "returned something, expected nothing");
  for (const [at, want] of one.grads_after.entries()) {
    await check("value", `gradient ${at}`, leaves[at]?.grad, want);
  }
}
