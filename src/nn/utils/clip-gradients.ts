// clipGradNorm_ and clipGradValue_: gradients held within bounds, in place.

import type { Arguments, BoundArguments } from "../../base/arguments.ts";
import { fail } from "../../base/errors.ts";
import { bool, number, type Param, someTensors, tensor } from "../../base/parameters.ts";
import { bind, declare } from "../../base/signature.ts";
import { clamp, clampMax, mul } from "../../functions/arithmetic.ts";
import { zeros } from "../../functions/creation.ts";
import { stack } from "../../functions/joins.ts";
import { vectorNorm } from "../../functions/norms.ts";
import { constantValue, type Value, withRecording } from "../../graph/tape.ts";
import * as ops from "../../ops/arithmetic.ts";
import { makeTensor } from "../../tensor/make.ts";
import { Tensor } from "../../tensor/tensor.ts";

/** Tensors whose gradients are meant: one, or any iterable of them such as `model.parameters()`. */
type Owners = Tensor | Iterable<Tensor>;

const normOptions = declare([
  someTensors("parameters"),
  number("maxNorm"),
  number("normType", 2),
  bool("errorIfNonfinite", false),
  bool("foreach", null),
]);

const valueOptions = declare([
  someTensors("parameters"),
  number("clipValue"),
  bool("foreach", null),
]);

const totalOptions = declare([
  someTensors("tensors"),
  number("normType", 2),
  bool("errorIfNonfinite", false),
  bool("foreach", null),
]);

const scaleOptions = declare([
  someTensors("parameters"),
  number("maxNorm"),
  tensor("totalNorm"),
  bool("foreach", null),
]);

type Rest<Params extends readonly Param[]> = Params extends readonly [
  Param,
  ...infer Others extends readonly Param[],
]
  ? Arguments<Others, Tensor>
  : [];

function boundTo<Params extends readonly Param[]>(
  name: string,
  params: Params,
  [owners, ...rest]: readonly unknown[],
): BoundArguments<Params, Tensor> {
  const isListed = !Array.isArray(owners) && isIterable(owners);
  const first = isListed ? [...owners] : owners;
  const { values } = bind(name, [{ params }], undefined, [first, ...rest]);
  return values as unknown as BoundArguments<Params, Tensor>;
}

const isIterable = (given: unknown): given is Iterable<unknown> =>
  typeof given === "object" && given !== null && Symbol.iterator in given;

/**
 * Scales all gradients so that their norm, as that of one vector, is at most `maxNorm`, and gives the
 * norm before, lazy. With `errorIfNonfinite` the norm is read first, and the promise must be awaited.
 */
export function clipGradNorm_(
  parameters: Owners,
  maxNorm: number,
  normType: number,
  errorIfNonfinite: true,
): Promise<Tensor>;
export function clipGradNorm_(
  parameters: Owners,
  maxNorm: number,
  options: { normType?: number; errorIfNonfinite: true },
): Promise<Tensor>;
export function clipGradNorm_(parameters: Owners, ...rest: Rest<typeof normOptions>): Tensor;
export function clipGradNorm_(...args: unknown[]): Tensor | Promise<Tensor> {
  const [parameters, maxNorm, normType, errorIfNonfinite] = boundTo(
    "clipGradNorm_",
    normOptions,
    args,
  );
  const gradients = gradientsOf(parameters);
  const total = totalNorm("clipGradNorm_", gradients, normType);
  if (!errorIfNonfinite) {
    scale(gradients, maxNorm, total.value);
    return total;
  }
  return checkFinite("clipGradNorm_", total, normType).then(() => {
    scale(gradients, maxNorm, total.value);
    return total;
  });
}

/** Holds each element of the gradients between -clipValue and clipValue. */
export function clipGradValue_(parameters: Owners, ...rest: Rest<typeof valueOptions>): void;
export function clipGradValue_(...args: unknown[]): void {
  const [parameters, clipValue] = boundTo("clipGradValue_", valueOptions, args);
  withRecording(false, () => {
    for (const gradient of gradientsOf(parameters)) {
      gradient.store(clamp(gradient.value, -clipValue, clipValue).node);
    }
  });
}

/** The norm of all elements of some tensors together. */
export function getTotalNorm(
  tensors: Owners,
  normType: number,
  errorIfNonfinite: true,
): Promise<Tensor>;
export function getTotalNorm(
  tensors: Owners,
  options: { normType?: number; errorIfNonfinite: true },
): Promise<Tensor>;
export function getTotalNorm(tensors: Owners, ...rest: Rest<typeof totalOptions>): Tensor;
export function getTotalNorm(...args: unknown[]): Tensor | Promise<Tensor> {
  const [tensors, normType, errorIfNonfinite] = boundTo("getTotalNorm", totalOptions, args);
  const total = totalNorm("getTotalNorm", listed(tensors), normType);
  if (!errorIfNonfinite) return total;
  return checkFinite("getTotalNorm", total, normType).then(() => total);
}

/** Scales gradients whose norm is known already, as clipGradNorm_ does. */
export function clipGradsWithNorm_(parameters: Owners, ...rest: Rest<typeof scaleOptions>): void;
export function clipGradsWithNorm_(...args: unknown[]): void {
  const [parameters, maxNorm, total] = boundTo("clipGradsWithNorm_", scaleOptions, args);
  scale(gradientsOf(parameters), maxNorm, total.value);
}

type Some = Tensor | readonly (Tensor | null)[];

const listed = (given: Some): Tensor[] =>
  given instanceof Tensor ? [given] : given.filter((one) => one !== null);

/** For what is told of them alone: they stay who they were. */
const gradientsOf = (given: Some): Tensor[] =>
  listed(given).flatMap((owner) => owner.keptGrad ?? []);

function totalNorm(name: string, tensors: readonly Tensor[], normType: number): Tensor {
  return withRecording(false, () => {
    if (tensors.length === 0) return makeTensor(zeros([]));
    const norms = tensors.map(({ value }) => vectorNorm(name, value, normType));
    return makeTensor(constantValue(vectorNorm(name, stack(norms), normType).node));
  });
}

async function checkFinite(name: string, total: Tensor, normType: number): Promise<void> {
  if (Number.isFinite(await total.item())) return;
  fail(
    name,
    `The total norm of order ${normType} for gradients from \`parameters\` is non-finite, so it ` +
      "cannot be clipped. To disable this error and scale the gradients by the non-finite norm " +
      "anyway, set `errorIfNonfinite: false`",
  );
}

/** g·min(1, max/(‖g‖ + 10⁻⁶)) */
function scale(gradients: readonly Tensor[], maxNorm: number, total: Value): void {
  withRecording(false, () => {
    const factor = clampMax(ops.div(maxNorm, ops.add(total, 1e-6)), 1);
    for (const gradient of gradients) gradient.store(mul(gradient.value, factor).node);
  });
}
