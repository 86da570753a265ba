// backward() and grad(): from tensors to the reverse walk and back. Gradients are recorded at once and
// are lazy; the promise of backward() resolves when all that it wrote lies in memory.

import { type Root, reverse, type Visitor } from "../autograd/reverse.ts";
import { describe } from "../base/binding-errors.ts";
import { fail } from "../base/errors.ts";
import { sameShape, showShape, sizeOf } from "../base/shapes.ts";
import { ones, zeros } from "../functions/creation.ts";
import type { Node } from "../graph/node.ts";
import { constantValue, type Edge, type Gradient, type Value } from "../graph/tape.ts";
import { request } from "../realize.ts";
import { AccumulateGrad, type Leaf } from "./accumulate.ts";
import { Handle } from "./handle.ts";
import { runHooks } from "./hooks.ts";

export interface BackwardOptions<T> {
  /** Keep what the graph has saved, so that another backward can run through it. */
  retainGraph?: boolean | null;
  /** Record the gradients' own computation, for derivatives of higher order. */
  createGraph?: boolean;
  /** Accumulate into these only. */
  inputs?: T | readonly T[] | null;
}

export interface GradOptions<T> {
  gradOutputs?: T | null | readonly (T | null)[];
  retainGraph?: boolean | null;
  createGraph?: boolean;
  /** Inputs that the outputs do not depend on have the gradient null, instead of being an error. */
  allowUnused?: boolean | null;
  /** Zeros in the place of null. */
  materializeGrads?: boolean;
}

/** Where gradients start: the outputs' edges, each with its own gradient, by default 1. */
function rootsOf(outputs: readonly Handle[], gradients: readonly (Handle | null)[]): Root[] {
  return outputs.map((output, at) => {
    const { edge } = handleOf("backward", output);
    if (!edge) {
      fail("backward", `element ${at} of tensors does not require grad and does not have a gradFn`);
    }
    return { edge, gradient: startingGradient(output, gradients[at] ?? null, at) };
  });
}

function startingGradient(output: Handle, gradient: Handle | null, at: number): Value {
  const { shape, dtype } = output;
  if (gradient) handleOf("backward", gradient);
  if (!gradient) {
    if (sizeOf(shape) === 1) return ones(shape, dtype);
    fail(
      "backward",
      `grad can be implicitly created only for scalar outputs, got ${showShape(shape)}. ` +
        "Reduce it first (.sum(), .mean()), or pass the gradient of the output.",
    );
  }
  if (!sameShape(gradient.shape, shape)) {
    fail(
      "backward",
      `Mismatch in shape: gradOutput[${at}] has a shape of ${showShape(gradient.shape)} and ` +
        `output[${at}] has a shape of ${showShape(shape)}.`,
    );
  }
  if (gradient.dtype !== dtype) {
    fail("backward", `gradOutput[${at}] must be ${dtype} as the output, got ${gradient.dtype}`);
  }
  return gradient.value;
}

/** Runs backward from `outputs`; resolves when every gradient it wrote is realized. */
export function runBackward<T extends Handle>(
  outputs: readonly T[],
  gradients: readonly (T | null)[],
  options: BackwardOptions<T> = {},
): Promise<void> {
  const createGraph = options.createGraph ?? false;
  const roots = rootsOf(outputs, gradients);
  const written: Leaf[] = [];
  const visitor: Visitor = {
    before: runHooks,
    after(entry, inputs) {
      if (entry instanceof AccumulateGrad) written.push(entry.leaf);
      return inputs;
    },
  };
  const walk = { roots, createGraph, retainGraph: options.retainGraph ?? createGraph, visitor };
  if (createGraph) warnOfCycle();
  const inputs = options.inputs ? listOf(options.inputs) : null;
  if (inputs) {
    const targets = inputs.map((input) => edgeOf("backward", input));
    const received = reverse({ ...walk, targets });
    received.forEach((g, at) => {
      if (g) written.push(receive(inputs[at] as T, targets[at] as Edge, g));
    });
  } else {
    reverse(walk);
  }
  return realizeGrads(written);
}

function receive(input: Handle, { entry }: Edge, g: Value): Leaf {
  if (entry instanceof AccumulateGrad) entry.receive(g);
  else if (!input.isRetainingGrad) input.accumulate(g);
  return input;
}

function realizeGrads(written: readonly Leaf[]): Promise<void> {
  const nodes: Node[] = [];
  for (const leaf of written) {
    const { keptGrad: grad } = leaf as Handle;
    if (grad) nodes.push(grad.value.node);
  }
  const done = request(nodes);
  // Awaiting is optional: who awaits sees the failure, who does not sees it where a gradient is read.
  done.catch(seenElsewhere);
  return done;
}

const seenElsewhere = (): void => undefined;

let warnedOfCycle = false;

function warnOfCycle(): void {
  if (warnedOfCycle) return;
  warnedOfCycle = true;
  console.warn(
    "backward: with createGraph, a leaf's gradient refers to the leaf and keeps its graph alive. " +
      "Prefer grad(…, { createGraph: true }), or set .grad to null after use.",
  );
}

/** Gradients of `outputs` with respect to `inputs`, lazy; nothing is accumulated. */
export function gradients<T extends Handle>(
  outputs: readonly T[],
  inputs: readonly T[],
  options: GradOptions<T>,
): (T | null)[] {
  const createGraph = options.createGraph ?? false;
  const given = options.gradOutputs === undefined ? null : options.gradOutputs;
  const targets = inputs.map((input) => edgeOf("grad", input));
  const received: Gradient[] = reverse({
    roots: rootsOf(outputs, given === null ? [] : listOf<T | null>(given)),
    targets,
    createGraph,
    retainGraph: options.retainGraph ?? createGraph,
    visitor: { before: runHooks },
  });
  return received.map(
    (g, at) => (g ? inputs[at]?.fresh(g) : missing(inputs[at] as T, at, options)) ?? null,
  );
}

/** What stands for the gradient of an input that the outputs do not depend on. */
function missing<T extends Handle>(input: T, at: number, options: GradOptions<T>): T | null {
  const { shape, dtype } = input;
  if (options.materializeGrads) return input.fresh(constantValue(zeros(shape, dtype).node));
  if (options.allowUnused) return null;
  fail(
    "grad",
    `input ${at} appears to not have been used in the graph. Set allowUnused: true if this is ` +
      "the desired behavior.",
  );
}

function handleOf(op: string, given: unknown): Handle {
  if (given instanceof Handle) return given;
  return fail(op, `wants tensors, got ${describe(given)}`);
}

function edgeOf(op: string, given: Handle): Edge {
  const { edge } = handleOf(op, given);
  if (!edge) fail(op, "One of the differentiated Tensors does not require grad");
  return edge;
}

export const listOf = <T>(one: T | readonly T[]): readonly T[] =>
  Array.isArray(one) ? (one as readonly T[]) : [one as T];
