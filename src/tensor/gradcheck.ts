// gradcheck: recorded gradients against finite differences, in float64. A failure shows both, side by
// side. All evaluations of one check are asked for in one tick, so they are computed together.

import { fail } from "../base/errors.ts";
import { showShape } from "../base/shapes.ts";
import { constantValue } from "../graph/tape.ts";
import { upload } from "../realize.ts";
import { listOf } from "./backward.ts";
import { grad } from "./grad.ts";
import { makeTensor } from "./make.ts";
import { compareProjections } from "./projection.ts";
import type { Tensor } from "./tensor.ts";

export interface GradcheckOptions {
  /** Step of the finite difference. */
  eps?: number;
  atol?: number;
  rtol?: number;
  /** Compares one random projection an input instead of every element. */
  fastMode?: boolean;
  /** False: a failed check resolves to false instead of rejecting. */
  raiseException?: boolean;
}

type Checked = (...inputs: Tensor[]) => Tensor | readonly Tensor[];

/** matrix[j][i] = ∂output[i] / ∂input[j], elements counted row-major. */
type Jacobian = readonly Float64Array[];

/** Resolves to true when the gradients of `fn` at `inputs` agree with finite differences. */
export async function gradcheck(
  fn: Checked,
  inputs: Tensor | readonly Tensor[],
  options: GradcheckOptions = {},
): Promise<boolean> {
  const all = listOf<Tensor>(inputs);
  const report = await compare("gradcheck", fn, all, options);
  if (report === null) return true;
  if (options.raiseException === false) return false;
  throw new Error(`gradcheck: ${report}`);
}

/** As gradcheck, for the gradient's own gradient. */
export async function gradgradcheck(
  fn: Checked,
  inputs: Tensor | readonly Tensor[],
  options: GradcheckOptions = {},
): Promise<boolean> {
  const all = listOf<Tensor>(inputs);
  const outputs = differentiable(listOf<Tensor>(fn(...all)));
  // Cotangents that treat no two elements alike.
  const cotangents = outputs.map((output) => patterned(output));
  const gradient: Checked = (...given) => {
    const results = differentiable(listOf<Tensor>(fn(...given.slice(0, all.length))));
    const wanted = given.slice(0, all.length).filter((input) => input.requiresGrad);
    return grad(results, wanted, {
      gradOutputs: given.slice(all.length),
      createGraph: true,
      allowUnused: true,
      materializeGrads: true,
    } as { createGraph: true });
  };
  return gradcheck(gradient, [...all, ...cotangents], options);
}

const differentiable = (outputs: readonly Tensor[]): Tensor[] =>
  outputs.filter((output) => output.requiresGrad);

function patterned(output: Tensor): Tensor {
  const data = Float64Array.from({ length: output.numel() }, (_, i) => 0.5 + ((i * 0.618) % 1));
  return makeTensor(constantValue(upload("float64", output.shape, data))).requiresGrad_();
}

async function compare(
  op: string,
  fn: Checked,
  inputs: readonly Tensor[],
  { eps = 1e-6, atol = 1e-5, rtol = 1e-3, fastMode = false }: GradcheckOptions,
): Promise<string | null> {
  const checked = inputs.filter((input) => input.requiresGrad);
  if (checked.length === 0) fail(op, "at least one input must require a gradient");
  const narrow = checked.find((input) => input.dtype !== "float64");
  if (narrow) fail(op, `inputs must be float64 for finite differences, got ${narrow.dtype}`);
  const outputs = differentiable(listOf<Tensor>(fn(...inputs)));
  if (outputs.length === 0) fail(op, "no output of the function requires a gradient");
  if (fastMode) return compareProjections(fn, inputs, { eps, atol, rtol });
  const numeric = await numericJacobians(fn, inputs, eps);
  for (const [at, output] of outputs.entries()) {
    const analytic = await analyticJacobians(output, checked);
    for (const [which, input] of checked.entries()) {
      const pair = {
        analytic: analytic[which] as Jacobian,
        numeric: numeric[at]?.[which] as Jacobian,
      };
      const worst = farthest(pair, atol, rtol);
      if (worst) return describe({ ...pair, at, which, worst, input, output });
    }
  }
  return null;
}

/** By one backward an output element, each with a cotangent that is 1 there and 0 elsewhere. */
async function analyticJacobians(output: Tensor, inputs: readonly Tensor[]): Promise<Jacobian[]> {
  const count = output.numel();
  const rows = await Promise.all(
    Array.from({ length: count }, (_, i) => {
      const cotangent = new Float64Array(count);
      cotangent[i] = 1;
      const node = upload("float64", output.shape, cotangent);
      const options = { gradOutputs: makeTensor(constantValue(node)).to(output.dtype) };
      const found = grad(output, inputs, { ...options, retainGraph: true, allowUnused: true });
      return Promise.all(found.map((g) => g?.data() ?? null));
    }),
  );
  return inputs.map((input, which) =>
    Array.from({ length: input.numel() }, (_, j) =>
      Float64Array.from(rows, (row) => Number(row[which]?.[j] ?? 0)),
    ),
  );
}

/** (f(x + ε) − f(x − ε)) / 2ε for every input element; [output][input]. */
async function numericJacobians(
  fn: Checked,
  inputs: readonly Tensor[],
  eps: number,
): Promise<Jacobian[][]> {
  const originals = await Promise.all(inputs.map((input) => input.data()));
  const evaluate = (which: number, j: number, step: number): Promise<ArrayLike<number>[]> => {
    const moved = inputs.map((input, at) => {
      const data = Float64Array.from(originals[at] as ArrayLike<number>);
      if (at === which) data[j] = (data[j] as number) + step;
      if (at !== which) return input;
      return makeTensor(constantValue(upload("float64", input.shape, data))).requiresGrad_();
    });
    const outputs = differentiable(listOf<Tensor>(fn(...moved)));
    return Promise.all(outputs.map((output) => output.data()));
  };
  const columns = await Promise.all(
    inputs.flatMap((input, which) =>
      input.requiresGrad
        ? [
            Promise.all(
              Array.from({ length: input.numel() }, (_, j) =>
                Promise.all([evaluate(which, j, eps), evaluate(which, j, -eps)]),
              ),
            ),
          ]
        : [],
    ),
  );
  const outputCount = columns[0]?.[0]?.[0].length ?? 0;
  return Array.from({ length: outputCount }, (_, at) =>
    columns.map((column) => column.map(([above, below]) => difference(above[at], below[at], eps))),
  );
}

const difference = (
  above: ArrayLike<number> | undefined,
  below: ArrayLike<number> | undefined,
  eps: number,
): Float64Array =>
  Float64Array.from(above ?? [], (value, i) => (value - Number(below?.[i])) / (2 * eps));

interface Pair {
  readonly analytic: Jacobian;
  readonly numeric: Jacobian;
}

/** The element that is farthest beyond |analytic − numeric| ≤ atol + rtol·|numeric|, or null. */
function farthest(
  { analytic, numeric }: Pair,
  atol: number,
  rtol: number,
): [number, number] | null {
  let worst: [number, number] | null = null;
  let most = 0;
  analytic.forEach((column, j) => {
    column.forEach((value, i) => {
      const wanted = Number(numeric[j]?.[i]);
      const excess = Math.abs(value - wanted) - atol - rtol * Math.abs(wanted);
      if (excess <= most) return;
      most = Number.isNaN(excess) ? Infinity : excess;
      worst = [j, i];
    });
  });
  return worst;
}

interface Mismatch extends Pair {
  readonly at: number;
  readonly which: number;
  readonly worst: [number, number];
  readonly input: Tensor;
  readonly output: Tensor;
}

/** Rows of the report at most; the worst element is always told. */
const REPORTED = 20;

function describe({ analytic, numeric, at, which, worst, input, output }: Mismatch): string {
  const [j, i] = worst;
  const lines = [
    `the gradient of output ${at} ${showShape(output.shape)} with respect to input ${which} ` +
      `${showShape(input.shape)} is wrong; the worst is ∂output[${i}]/∂input[${j}]: ` +
      `analytic ${analytic[j]?.[i]}, numeric ${numeric[j]?.[i]}`,
    `${"input".padStart(7)}${"output".padStart(8)}${"analytic".padStart(16)}${"numeric".padStart(16)}`,
  ];
  for (let column = 0; column < analytic.length; column++) {
    for (let row = 0; row < (analytic[column]?.length ?? 0); row++) {
      if (lines.length > REPORTED) return [...lines, "      …"].join("\n");
      const values = [analytic[column]?.[row], numeric[column]?.[row]];
      const shown = values.map((value) => Number(value).toPrecision(8).padStart(16)).join("");
      lines.push(`${String(column).padStart(7)}${String(row).padStart(8)}${shown}`);
    }
  }
  return lines.join("\n");
}
