// Random differentiable programs of float64: the gradient of a weighted sum of what they compute, along
// one direction a leaf, against the model's central difference.

import type { TypedArray } from "../../src/index.ts";
import type { Choices } from "./arbitrary.ts";
import { Builder, Draw } from "./builder.ts";
import { binary, computeStatements, type Make, reduce, unary } from "./compute.ts";
import { effectStatements, requestStatements } from "./effects.ts";
import { itemsOf, type ModelDType, sizeOf } from "./model.ts";
import { printed, Run } from "./program.ts";
import { copyStatements, viewStatements } from "./views.ts";

const dtypes: readonly ModelDType[] = ["float64"];
const smooth = ["tanh", "sigmoid", "sin", "cos", "square", "neg", "exp", "relu", "abs"];

class DifferentiableBuilder extends Builder {
  override readonly isDifferentiated = true;

  /** Reals only: the differences of rounded values would meet kinks. */
  protected override pattern(draw: Draw): number {
    return draw.below(100) * 8 + 5;
  }
}

const anySmooth: Make = (b, draw) => {
  unary(b, draw.of(smooth), b.some(draw));
};

const anyProduct: Make = (b, draw) => {
  const id = b.some(draw);
  const right = b.operand(draw, b.model(id).shape);
  binary(b, draw.of(["mul", "add", "sub", "maximum"]), id, right === null ? 1.5 : { id: right });
};

const anySum: Make = (b, draw) => {
  const id = b.some(draw);
  const axes = b.model(id).shape.flatMap((_, axis) => (draw.below(2) === 0 ? [axis] : []));
  const name = draw.of(["sum", "mean", "amax", "prod"] as const);
  const over = name === "prod" ? axes.slice(0, 1) : axes;
  reduce(b, name, id, { axes: over.length > 0 ? over : null, keepdim: draw.oneIn(2) });
};

const kept = new Set([
  "softmaxLike",
  "normalizedLike",
  "gather",
  "indexSelect",
  "scatterAdd",
  "extremeAlong",
  "addScaled",
]);

const weighted = (list: readonly (readonly [number, Make])[]): Make[] =>
  list.flatMap(([weight, make]) => new Array<Make>(weight).fill(make));

const statements = weighted([
  [6, anySmooth],
  [8, anyProduct],
  [5, anySum],
  ...computeStatements.filter(([, make]) => kept.has(make.name)),
  ...viewStatements.filter(([, make]) => make.name !== "detach"),
  ...copyStatements,
  ...effectStatements.filter(([, make]) => make.name !== "fill"),
  ...requestStatements,
]);

const isReal = (builder: Builder, id: number): boolean =>
  builder.model(id).storage.dtype === "float64" && sizeOf(builder.model(id).shape) > 0;

interface Differentiable {
  readonly builder: Builder;
  readonly loss: number;
}

/** The same choices make the same program, whatever is added to the leaves. */
function build(choices: readonly Choices[], nudge: Builder["nudge"]): Differentiable {
  const builder = new DifferentiableBuilder(dtypes, false);
  builder.nudge = nudge;
  builder.leaf(new Draw(choices[0] ?? []));
  for (const [which, ...rest] of choices.slice(0, 14)) {
    statements[which % statements.length](builder, new Draw(rest));
  }
  const ends = builder.all.filter((id) => isReal(builder, id)).slice(-4);
  let loss: number | null = null;
  for (const [at, id] of ends.entries()) {
    const sum = reduce(builder, "sum", id, { axes: null, keepdim: false }) as number;
    const scaled = binary(builder, "mul", sum, 0.5 + at) as number;
    loss = loss === null ? scaled : binary(builder, "add", loss, { id: scaled });
  }
  return { builder, loss: loss ?? builder.leaf(new Draw([]), []) };
}

/** ±1, by leaf and element. */
const direction = (leaf: number, at: number): number =>
  Math.sin((leaf + 1) * 12.9898 + (at + 1) * 78.233) > 0 ? 1 : -1;

/** The second is for programs that have a kink within the first. */
const steps = [1e-5, 1e-7];

/** How the loss moves when one leaf moves along its direction. */
function difference(choices: readonly Choices[], leaf: number, step: number): number {
  const [up, down] = [step, -step].map((length) => {
    const nudge = (of: number, at: number) => (of === leaf ? length * direction(of, at) : 0);
    const { builder, loss } = build(choices, nudge);
    return itemsOf(builder.model(loss)).values[0];
  });
  return (up - down) / (2 * step);
}

/** What PyTorch refuses too. */
const refusals = ["modified by an inplace operation", "function that returns multiple views"];

export type Verdict = "checked" | "refused" | "wild";

/** Throws where a gradient is wrong; "refused" where the library says that autograd cannot do it. */
export async function checkGradient(choices: readonly Choices[]): Promise<Verdict> {
  const { builder, loss } = build(choices, () => 0);
  const program = builder.finish([loss]);
  const { values, errors } = itemsOf(builder.model(loss));
  const size = Math.abs(values[0]);
  if (!(size < 1e4) || !(errors[0] < 1e-6)) return "wild";
  const running = new Run();
  let grads: (TypedArray | null)[];
  try {
    await running.all(program);
    if (!running.of(loss).requiresGrad) return "checked";
    void running.of(loss).backward();
    const leaves = builder.leaves.map((id) => running.of(id));
    grads = await Promise.all(leaves.map((leaf) => leaf.grad?.data() ?? null));
    await running.settled();
  } catch (cause) {
    if (refusals.some((text) => (cause as Error).message.includes(text))) return "refused";
    throw new Error(`${printed(program)}\n// throws: ${(cause as Error).stack}`);
  }
  for (const leaf of builder.leaves.keys()) {
    const elements = [...(grads[leaf] ?? [])];
    const slope = elements.reduce((sum, g, at) => sum + g * direction(leaf, at), 0);
    const scale = 1 + size + elements.reduce((sum, g) => sum + Math.abs(g), 0);
    const wanted = steps.map((step) => difference(choices, leaf, step));
    if (wanted.some((one) => Math.abs(slope - one) <= 1e-5 * scale)) continue;
    throw new Error(
      `${printed(program)}\n// t${loss}.backward(): t${builder.leaves[leaf]}.grad is ` +
        `[${elements.slice(0, 8)}], along the direction ${slope}, wanted ${wanted}`,
    );
  }
  return "checked";
}
