// What an optimizer is told: its declared parameters bound by the one binder, numbers as numbers, and the
// checks that several optimizers share.

import type { Arguments, BoundArguments } from "../base/arguments.ts";
import { fail } from "../base/errors.ts";
import type { Param } from "../base/parameters.ts";
import { Float } from "../base/scalars.ts";
import { bind } from "../base/signature.ts";
import { constantOf } from "../graph/build.ts";
import { readNow } from "../realize.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** What is set by a parameter once it is bound. */
type Setting<P> =
  P extends Param<string, infer Kind, boolean, infer Nullable>
    ?
        | (Kind extends "operand"
            ? number | Tensor
            : Kind extends "operands"
              ? readonly (number | Tensor)[]
              : Kind extends "scalars"
                ? readonly number[]
                : Kind extends "openScalars"
                  ? readonly (number | null)[]
                  : Kind extends "numbers"
                    ? number | readonly number[]
                    : BoundArguments<readonly [P], Tensor>[0])
        | (Nullable extends true ? null : never)
    : never;

type Rest<Params extends readonly Param[]> = Params extends readonly [
  Param,
  ...infer Others extends readonly Param[],
]
  ? Others
  : readonly [];

/** Settings by name: all parameters but the first, which is what is optimized or scheduled. */
export type SettingsOf<Params extends readonly Param[]> = {
  -readonly [P in Rest<Params>[number] as P["name"]]: Setting<P>;
};

/** What may be written behind the first argument: a prefix by position, the rest in a last object. */
export type OptionArguments<Params extends readonly Param[]> = Arguments<Rest<Params>, Tensor>;

/** The settings of a call. */
export function settingsOf<Params extends readonly Param[]>(
  name: string,
  params: Params,
  [first, ...rest]: readonly unknown[],
): SettingsOf<Params> {
  const { values } = bind(name, [{ params }], first, rest);
  const named = params.map((param, at) => [param.name, plainNumbers(values[at])]);
  return Object.fromEntries(named.slice(1)) as SettingsOf<Params>;
}

/** `float(2)` is 2 here: nothing is promoted. */
export function plainNumbers(value: unknown): unknown {
  if (value instanceof Float) return value.float;
  return Array.isArray(value) ? value.map(plainNumbers) : value;
}

/** Fails with PyTorch's text unless the condition holds. */
export function demand(name: string, condition: boolean, text: string): void {
  if (!condition) fail(name, text);
}

/** A number, or the element of a tensor as far as it is there already; null: not known yet. */
export function knownNumber(setting: number | Tensor): number | null {
  if (typeof setting === "number") return setting;
  const { node } = setting.value;
  return constantOf(node) ?? readNow(node)?.[0] ?? null;
}

interface Rated {
  readonly lr: number | Tensor;
  readonly foreach?: boolean | null;
  readonly capturable?: boolean;
}

/** A learning rate may be a tensor of one element; what a lazy one holds is not looked at. */
export function checkRate(name: string, { lr }: Rated, text = "Invalid learning rate"): void {
  demand(name, typeof lr === "number" || lr.numel() === 1, "Tensor lr must be 1-element");
  const known = knownNumber(lr);
  demand(name, known === null || known >= 0, `${text}: ${known}`);
}

/** PyTorch's foreach path takes tensors in the place of numbers only where it is capturable. */
export function checkForeachTensor(name: string, what: string, settings: Rated): void {
  const refuses = settings.foreach === true && settings.capturable !== true;
  demand(
    name,
    !refuses,
    `${what} as a Tensor is not supported for capturable=false and foreach=true`,
  );
}

interface Moments extends Rated {
  readonly betas: readonly (number | Tensor)[];
  readonly eps: number;
  readonly weightDecay: number;
}

/** What Adam and its relatives ask of their settings, in PyTorch's order. */
export function checkMoments(name: string, settings: Moments): void {
  const { betas, eps, weightDecay } = settings;
  checkRate(name, settings);
  demand(name, eps >= 0, `Invalid epsilon value: ${eps}`);
  checkBetas(name, betas);
  demand(name, weightDecay >= 0, `Invalid weight_decay value: ${weightDecay}`);
}

interface Paths {
  readonly differentiable?: boolean;
  readonly foreach?: boolean | null;
  readonly fused?: boolean | null;
}

/**
 * `foreach`, `fused` and `capturable` choose between ways that all give the same result; here there is
 * one way. A step that is itself differentiated is another result, so `differentiable` is refused.
 */
export function checkPaths(name: string, { differentiable, foreach, fused }: Paths): void {
  demand(name, !(fused && differentiable), "`fused` does not support `differentiable`");
  demand(name, !(fused && foreach), "`fused` and `foreach` cannot be `true` together.");
  demand(
    name,
    !differentiable,
    "differentiable is not supported: a step is not put on the Tape. For a differentiable update " +
      "write it with tensors: p.sub(grad(loss, p, { createGraph: true })[0].mul(lr))",
  );
}

/** 0 ≤ β < 1, each. */
function checkBetas(name: string, betas: readonly (number | Tensor)[]): void {
  demand(name, betas.length === 2, `betas must be two numbers, got ${betas.length}`);
  betas.forEach((beta, at) => {
    const known = knownNumber(beta);
    const isInside = known === null || (known >= 0 && known < 1);
    demand(name, isInside, `Invalid beta parameter at index ${at}: ${known}`);
  });
}
