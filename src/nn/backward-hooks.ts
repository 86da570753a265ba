// Full backward hooks: the module's inputs and outputs pass through two functions that change nothing
// but see the gradients. What passes the outputs' is told to those that wait at the inputs'.

import { fail } from "../base/errors.ts";
import { CustomFunction, type FunctionContext } from "../tensor/custom-function.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { FullBackwardHook, FullBackwardPreHook, Gradients } from "./hooks.ts";

type Passed = (gradients: Gradients) => Gradients;

class BackwardHookFunction extends CustomFunction {
  static forward(ctx: FunctionContext, passed: Passed, ...tensors: Tensor[]): Tensor[] {
    ctx.setMaterializeGrads(false);
    ctx.passed = passed;
    return tensors;
  }

  static backward(ctx: FunctionContext, ...gradients: Tensor[]): Gradients {
    return [null, ...(ctx.passed as Passed)(gradients)];
  }
}

/** One call of a module with backward hooks. */
export class WatchedCall<M> {
  readonly #module: M;
  readonly #hooks: readonly FullBackwardHook<M>[];
  readonly #preHooks: readonly FullBackwardPreHook<M>[];
  #inputs = 0;
  #hasWaiting = false;
  #gradOutput: Gradients = [];

  constructor(
    module: M,
    hooks: readonly FullBackwardHook<M>[],
    preHooks: readonly FullBackwardPreHook<M>[],
  ) {
    this.#module = module;
    this.#hooks = hooks;
    this.#preHooks = preHooks;
  }

  enter(args: readonly unknown[]): readonly unknown[] {
    this.#inputs = args.filter((arg) => arg instanceof Tensor).length;
    this.#hasWaiting = args.some((arg) => arg instanceof Tensor && arg.requiresGrad);
    return this.#hasWaiting ? watched(args, (gradients) => this.#atInputs(gradients)) : args;
  }

  leave(output: unknown): unknown {
    const passed: Passed = (gradients) => this.#atOutputs(gradients);
    if (output instanceof Tensor) return watched([output], passed)[0];
    return Array.isArray(output) ? watched(output, passed) : output;
  }

  #atOutputs(gradients: Gradients): Gradients {
    let now = gradients;
    for (const hook of this.#preHooks) {
      now = replaced("full backward pre-hook", now, hook(this.#module, now));
    }
    this.#gradOutput = now;
    if (!this.#hasWaiting) this.#atInputs(new Array<null>(this.#inputs).fill(null));
    return now;
  }

  #atInputs(gradients: Gradients): Gradients {
    let now = gradients;
    for (const hook of this.#hooks) {
      now = replaced("full backward hook", now, hook(this.#module, now, this.#gradOutput));
    }
    return now;
  }
}

function replaced(op: string, before: Gradients, given: unknown): Gradients {
  if (given === null || given === undefined) return before;
  const now = (Array.isArray(given) ? given : [given]) as Gradients;
  if (now.length !== before.length) {
    fail(op, `got ${now.length} gradients, but expected ${before.length}`);
  }
  return now;
}

/** The tensors among `items` through one function, the rest as it is. */
function watched(items: readonly unknown[], passed: Passed): readonly unknown[] {
  const tensors = items.filter((item): item is Tensor => item instanceof Tensor);
  const through = BackwardHookFunction.apply(passed, ...tensors) as readonly Tensor[];
  let at = 0;
  return items.map((item) => (item instanceof Tensor ? through[at++] : item));
}
