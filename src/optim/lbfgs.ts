// L-BFGS: steps along an approximate Newton direction, from the last steps and how they changed the
// gradient. It decides by values, so its step is computed piece by piece: it must be awaited.

import { fail } from "../base/errors.ts";
import { anything, int, number, operand, string } from "../base/parameters.ts";
import { declare } from "../base/signature.ts";
import { withRecording } from "../graph/tape.ts";
import { cat } from "../tensor/functions.ts";
import { makeTensor as made } from "../tensor/make.ts";
import { noGrad } from "../tensor/modes.ts";
import { Tensor } from "../tensor/tensor.ts";
import { told } from "./amounts.ts";
import { newtonStep } from "./lbfgs-direction.ts";
import { Optimizer } from "./optimizer.ts";
import { checkRate, demand, type OptionArguments, type SettingsOf, settingsOf } from "./options.ts";
import type { ParamGroup, Params } from "./parameter-groups.ts";
import { stateOf } from "./state.ts";
import { type Point, strongWolfe } from "./strong-wolfe.ts";
import { moved, scaled } from "./updates.ts";

const options = declare([
  anything("params"),
  operand("lr", 1),
  int("maxIter", 20),
  int("maxEval", null),
  number("toleranceGrad", 1e-7),
  number("toleranceChange", 1e-9),
  int("historySize", 100),
  string("lineSearchFn", null),
]);

export type LBFGSSettings = SettingsOf<typeof options>;

/** What is kept between steps, of all parameters together, with the first. */
interface Memory {
  funcEvals: number;
  nIter: number;
  d?: Tensor;
  t?: number;
  oldDirs: Tensor[];
  oldStps: Tensor[];
  ro: Tensor[];
  HDiag: number;
  prevFlatGrad?: Tensor;
  prevLoss?: number;
}

type Closure = () => unknown;

/** A loss, and the gradient of all parameters, flat. */
interface Evaluated {
  readonly loss: number;
  readonly gradient: Tensor;
  readonly largest: number;
  /** Along the direction gone; 0 where there is none. */
  readonly slope: number;
}

export class LBFGS extends Optimizer<LBFGSSettings> {
  constructor(params: Params<LBFGSSettings>, ...rest: OptionArguments<typeof options>) {
    const settings = settingsOf("LBFGS", options, [params, ...rest]);
    settings.maxEval ??= Math.floor((settings.maxIter * 5) / 4);
    checkRate("LBFGS", settings);
    super(params, settings, "LBFGS");
    const isOne = this.paramGroups.length === 1;
    demand("LBFGS", isOne, "LBFGS doesn't support per-parameter options (parameter groups)");
  }

  /** `closure` sets the gradients to null, computes the loss, calls its backward and returns it. */
  override step(): Promise<void>;
  override step<Loss>(closure: () => Loss): Promise<Awaited<Loss>>;
  override step(closure?: Closure): Promise<unknown> {
    if (!closure) {
      fail(
        "LBFGS",
        "step wants a closure that computes the loss and its gradients anew: it is called often",
      );
    }
    const { lineSearchFn } = this.#group;
    const isKnown = lineSearchFn === null || lineSearchFn === "strong_wolfe";
    demand("LBFGS", isKnown, "only 'strong_wolfe' is supported");
    return this.#minimize(closure);
  }

  protected override update(): never {
    fail("LBFGS", "has no update of a single parameter");
  }

  get #group(): ParamGroup<LBFGSSettings> {
    return this.paramGroups[0] as ParamGroup<LBFGSSettings>;
  }

  get #params(): readonly Tensor[] {
    return this.#group.params;
  }

  get #memory(): Memory {
    const state = stateOf(this.state, this.#params[0] as Tensor);
    const blank: Memory = { funcEvals: 0, nIter: 0, oldDirs: [], oldStps: [], ro: [], HDiag: 1 };
    for (const [key, value] of Object.entries(blank)) state[key] ??= value;
    return state as unknown as Memory;
  }

  async #minimize(closure: Closure): Promise<unknown> {
    const memory = this.#memory;
    const { maxIter, maxEval, toleranceGrad, toleranceChange } = this.#group;
    const lr = await numberOf(this.#group.lr);
    const first = await withRecording(true, closure);
    let now = await this.#evaluated(first);
    let evaluations = 1;
    memory.funcEvals++;
    for (let count = 1; now.largest > toleranceGrad && count <= maxIter; count++) {
      memory.nIter++;
      const isFirst = memory.nIter === 1;
      const { direction, slope, largest } = await this.#direction(now.gradient);
      memory.prevFlatGrad = now.gradient;
      const before = now.loss;
      memory.prevLoss = before;
      const length = isFirst ? await numberOf(noGrad(() => now.gradient.abs().sum())) : 0;
      memory.t = isFirst ? Math.min(1, 1 / length) * lr : lr;
      if (slope > -toleranceChange) break;
      const isLast = count === maxIter;
      const line = { closure, direction, slope, largest, from: now };
      const moved = await this.#move(line, isLast);
      now = moved.now;
      evaluations += moved.evaluations;
      memory.funcEvals += moved.evaluations;
      if (evaluations >= (maxEval as number)) break;
      if (largest * Math.abs(memory.t) <= toleranceChange) break;
      if (Math.abs(now.loss - before) < toleranceChange) break;
    }
    return this.ended(first);
  }

  /** `direction`: along which the slope is wanted. */
  async #evaluated(loss: unknown, direction?: Tensor): Promise<Evaluated> {
    const [gradient, largest, along] = noGrad(() => {
      const flat = this.#flatGradient();
      return [flat, flat.abs().max(), direction ? flat.dot(direction) : 0] as const;
    });
    const wanted = [loss as number | Tensor, largest, along];
    const [value, most, slope] = (await readTogether(wanted, [gradient])) as Triple;
    return { loss: value, gradient, largest: most, slope };
  }

  #flatGradient(): Tensor {
    return cat(
      this.#params.map((param) => {
        const { keptGrad } = param;
        return keptGrad ? keptGrad.reshape([-1]) : param.detach().mul(0).reshape([-1]);
      }),
    );
  }

  /** -H·g, the slope along it, and its largest element. */
  async #direction(g: Tensor): Promise<{ direction: Tensor; slope: number; largest: number }> {
    const memory = this.#memory;
    if (memory.nIter > 1) await this.#remember(g);
    const direction = memory.nIter > 1 ? await newtonStep(g, memory) : noGrad(() => g.neg());
    memory.d = direction;
    const wanted = noGrad(() => [g.dot(direction), direction.abs().max()]);
    const [slope, largest] = (await readTogether(wanted, [direction])) as [number, number];
    return { direction, slope, largest };
  }

  /** Notes the step made last and how it changed the gradient, if that curves upwards. */
  async #remember(g: Tensor): Promise<void> {
    const memory = this.#memory;
    const { d, t, prevFlatGrad, oldDirs, oldStps, ro } = memory;
    const [y, s, ys, yy, inverse] = noGrad(() => {
      const change = g.sub(prevFlatGrad as Tensor);
      const step = made(
        scaled(
          [(d as Tensor).value],
          told(() => t as number),
        ),
      );
      const product = change.dot(step);
      return [change, step, product, change.dot(change), product.reciprocal()] as const;
    });
    const read = await readTogether([ys, yy], [y, s, inverse]);
    const [curvature, square] = read as [number, number];
    if (!(curvature > 1e-10)) return;
    if (oldDirs.length === this.#group.historySize) {
      for (const list of [oldDirs, oldStps, ro]) list.shift();
    }
    oldDirs.push(y);
    oldStps.push(s);
    ro.push(inverse);
    memory.HDiag = curvature / square;
  }

  async #move(line: Line, isLast: boolean): Promise<{ now: Evaluated; evaluations: number }> {
    const memory = this.#memory;
    if (this.#group.lineSearchFn === null) {
      this.#add(memory.t as number, line.direction);
      // Not evaluated after the last step: a stochastic loss would be another one by then.
      if (isLast) return { now: line.from, evaluations: 0 };
      const now = await this.#evaluated(await withRecording(true, line.closure));
      return { now, evaluations: 1 };
    }
    const { point, evaluations } = await this.#searched(line);
    memory.t = point.t;
    this.#add(point.t, line.direction);
    return { now: point, evaluations };
  }

  #searched({ closure, direction, slope, largest, from }: Line) {
    const origin = noGrad(() => this.#params.map((param) => param.clone()));
    const evaluate = async (t: number): Promise<Point> => {
      this.#add(t, direction);
      const found = await this.#evaluated(await withRecording(true, closure), direction);
      noGrad(() => this.#params.forEach((param, at) => param.copy_(origin[at] as Tensor)));
      return { t, ...found };
    };
    const { toleranceChange } = this.#group;
    const start = { ...from, t: 0, slope };
    const first = this.#memory.t as number;
    return strongWolfe({ evaluate, start, t: first, steepest: largest, toleranceChange });
  }

  /** Moves all parameters along a flat direction. */
  #add(t: number, direction: Tensor): void {
    const rate = told(() => -t);
    noGrad(() => {
      let offset = 0;
      for (const param of this.#params) {
        const part = direction.narrow(0, offset, param.numel()).reshape(param.shape);
        param.store(moved([param.value, part.value], rate).node);
        offset += param.numel();
      }
    });
  }
}

interface Line {
  readonly closure: Closure;
  readonly direction: Tensor;
  readonly slope: number;
  readonly largest: number;
  readonly from: Evaluated;
}

type Triple = [number, number, number];

/** Numbers, and tensors to be kept, in one request. */
async function readTogether(
  numbers: readonly (number | Tensor)[],
  kept: readonly Tensor[],
): Promise<number[]> {
  const realized = kept.map((tensor) => tensor.realize());
  const [found] = await Promise.all([Promise.all(numbers.map(numberOf)), ...realized]);
  return found;
}

const numberOf = async (value: number | Tensor): Promise<number> =>
  value instanceof Tensor ? Number(await value.item()) : value;
