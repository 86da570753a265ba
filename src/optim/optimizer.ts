// Optimizer: groups of parameters, the state kept for each, and the step. A step only records; its
// promise, which may be left alone, resolves when the parameters are computed. A loop that never awaits
// records on and on: await the loss, or the step, now and then.

import type { Value } from "../graph/tape.ts";
import { withRecording } from "../graph/tape.ts";
import { request } from "../realize.ts";
import { RemovableHandle } from "../tensor/hooks.ts";
import { isPromise } from "../tensor/synchronous.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  checkBeside,
  type GroupSpec,
  groupOf,
  type ParamGroup,
  type Params,
  specsOf,
} from "./parameter-groups.ts";
import type { State } from "./state.ts";
import {
  loadGroups,
  loadStates,
  type OptimizerStateDict,
  packedGroups,
  packedStates,
} from "./state-dict.ts";

type Hook<O> = (optimizer: O) => void;

export abstract class Optimizer<Settings extends object = object> {
  /** What a group that does not say otherwise is set to. */
  readonly defaults: Settings;
  readonly paramGroups: ParamGroup<Settings>[] = [];
  /** What is kept for each parameter, under PyTorch's names in camelCase; `step` is a number. */
  readonly state = new Map<Tensor, State>();
  /** Whether a step was made: schedulers warn of the wrong order. */
  isStepped = false;
  readonly #name: string;
  readonly #shared = new Map<number, unknown>();
  /** Of optimizers of this very class. */
  readonly #before = new Set<Hook<never>>();
  readonly #after = new Set<Hook<never>>();

  constructor(params: Params<Settings>, defaults: Settings, name = "Optimizer") {
    this.#name = name;
    this.defaults = defaults;
    for (const spec of specsOf(name, params)) this.addParamGroup(spec as GroupSpec<Settings>);
  }

  addParamGroup(paramGroup: GroupSpec<Settings>): void {
    const group = groupOf(this.#name, paramGroup, this.defaults);
    checkBeside(this.#name, group, this.paramGroups);
    this.paramGroups.push(group);
  }

  /** What is computed of settings and counts, once for all parameters of a group at the same step. */
  protected shared<Amounts>(step: number, make: () => Amounts): Amounts {
    const known = this.#shared.get(step) ?? make();
    this.#shared.set(step, known);
    return known as Amounts;
  }

  /** Records the update of one parameter; the Tape is off. */
  protected abstract update(param: Tensor, gradient: Value, group: ParamGroup<Settings>): void;

  /** Records one step. `closure` computes the loss, and its gradients, anew. */
  step(): Promise<void>;
  step<Loss>(closure: () => Loss): Promise<Awaited<Loss>>;
  step(closure?: () => unknown): Promise<unknown> {
    for (const hook of this.#before) hook(this as never);
    const loss = closure && withRecording(true, closure);
    if (isPromise(loss)) return (loss as Promise<unknown>).then((known) => this.#finish(known));
    return this.#finish(loss);
  }

  #finish(loss: unknown): Promise<unknown> {
    withRecording(false, () => this.updateAll());
    return this.ended(loss);
  }

  /** After the parameters were changed: resolves to `loss` when they are computed. */
  protected ended(loss: unknown): Promise<unknown> {
    this.isStepped = true;
    for (const hook of this.#after) hook(this as never);
    const done = request([]).then(() => loss);
    // Awaiting is optional: who does not await sees the failure where a parameter is read.
    done.catch(seenElsewhere);
    return done;
  }

  protected updateAll(): void {
    for (const group of this.paramGroups) {
      this.#shared.clear();
      for (const param of group.params) {
        const gradient = param.keptGrad;
        if (gradient) this.update(param, gradient.value, group);
      }
    }
  }

  zeroGrad(options: boolean | { setToNone?: boolean } = true): void {
    const setToNone = typeof options === "boolean" ? options : (options.setToNone ?? true);
    for (const { params } of this.paramGroups) {
      for (const param of params) {
        const gradient = param.keptGrad;
        if (!gradient) continue;
        if (setToNone) param.grad = null;
        else withRecording(false, () => gradient.detach_().zero_());
      }
    }
  }

  /** Called before each step; may change gradients and settings. */
  registerStepPreHook(hook: Hook<this>): RemovableHandle {
    return registered(this.#before, hook);
  }

  /** Called after each step was recorded. */
  registerStepPostHook(hook: Hook<this>): RemovableHandle {
    return registered(this.#after, hook);
  }

  /** PyTorch's form and names: `{ state: { 0: { exp_avg, … } }, param_groups: [{ lr, …, params: [0] }] }`. */
  stateDict(): OptimizerStateDict {
    return {
      state: packedStates(this.state, this.paramGroups),
      param_groups: packedGroups(this.paramGroups),
    };
  }

  /** Takes over a state dict's settings and copies of its state. */
  loadStateDict(stateDict: OptimizerStateDict): void {
    loadGroups(this.#name, stateDict, this.paramGroups);
    this.state.clear();
    const loaded = loadStates(this.#name, stateDict, this.paramGroups);
    for (const [param, state] of loaded) this.state.set(param, state);
  }

  toString(): string {
    const lines = this.paramGroups.flatMap((group, at) => [
      `Parameter Group ${at}`,
      ...Object.keys(group)
        .filter((key) => key !== "params")
        .sort()
        .map((key) => `    ${key}: ${group[key]}`),
    ]);
    return [`${this.#name} (`, ...lines, ")"].join("\n");
  }
}

const seenElsewhere = (): void => undefined;

function registered<H>(hooks: Set<H>, hook: H): RemovableHandle {
  hooks.add(hook);
  return new RemovableHandle(() => hooks.delete(hook));
}
