// Values of random numbers. What is drawn does not depend on the values a tensor had before, so the
// gradient to these is 0, as in PyTorch.

import { type Composite, composite } from "../autograd/composite.ts";
import { type DType, dtypes, isFloat, isHalf, promote, roundTo } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { type Shape, sizeOf } from "../base/shapes.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { reshape } from "../ops/linear.ts";
import * as random from "../ops/random.ts";
import { zerosLike } from "../ops/source.ts";
import * as transcendental from "../ops/transcendental.ts";
import { commonShape, fitted } from "./operands.ts";

export type { Draw } from "../ops/random.ts";

type Draw = random.Draw;

const wideOf = (dtype: DType): random.Wide => (dtype === "float64" ? "float64" : "float32");

function requireFloat(op: string, dtype: DType): void {
  if (!isFloat(dtype)) fail(op, `wants a floating point dtype, got ${dtype}`);
}

/** Uniform on [0, 1). */
export function rand(shape: Shape, dtype: DType, draw: Draw, op = "rand"): Value {
  requireFloat(op, dtype);
  const size = sizeOf(shape);
  if (!isHalf(dtype)) return reshape(random.rand(wideOf(dtype), size, draw), shape);
  return reshape(ops.cast(random.randHalf(dtype, size, draw), dtype), shape);
}

/** Standard normal. */
export function randn(shape: Shape, dtype: DType, draw: Draw, op = "randn"): Value {
  requireFloat(op, dtype);
  return ops.cast(reshape(random.randn(wideOf(dtype), sizeOf(shape), draw), shape), dtype);
}

/** Uniform on (0, 1), the ends left out: its logarithm is finite and not 0. */
const open = (shape: Shape, dtype: random.Wide, draw: Draw): Value =>
  reshape(random.randOpen(dtype, sizeOf(shape), draw), shape);

/** Exponential with rate 1, never 0. */
export const exponentials = (shape: Shape, dtype: random.Wide, draw: Draw): Value =>
  ops.neg(transcendental.log(open(shape, dtype, draw)));

/** Whole numbers from `low` on, below `high`; with 53 bits no share is off by more than 2^-21. */
function integers(shape: Shape, [low, high]: Range, draw: Draw): Value {
  const share = reshape(random.rand("float64", sizeOf(shape), draw), shape);
  return ops.add(ops.floor(ops.mul(share, high - low)), low);
}

type Range = readonly [low: number, high: number];

/** The smallest and the largest integer a dtype holds; of floats the largest up to which all are held. */
export function limitsOf(dtype: DType): Range {
  const digits = { float64: 53, float32: 24, float16: 11, bfloat16: 8 } as const;
  if (dtype in digits) return [-Infinity, 2 ** digits[dtype as keyof typeof digits]];
  if (dtype === "bool") return [0, 1];
  if (dtype === "uint8") return [0, 255];
  const half = 2 ** (8 * dtypes[dtype].bytes - 1);
  return [-half, half - 1];
}

function checkRange(low: number, high: number, dtype: DType): void {
  if (!(low < high)) {
    fail("random_", `expects 'from' to be less than 'to', but got from=${low} >= to=${high}`);
  }
  if (isFloat(dtype)) return;
  const [least, most] = limitsOf(dtype);
  if (low < least || low > most) fail("random_", `from is out of bounds for ${dtype}: ${low}`);
  if (high - 1 > most) fail("random_", `to - 1 is out of bounds for ${dtype}: ${high - 1}`);
}

/** Whole numbers from `low` on, below `high`. */
export function randint(range: Range, shape: Shape, dtype: DType, draw: Draw): Value {
  checkRange(...range, dtype);
  return ops.cast(integers(shape, range, draw), dtype);
}

// Values that take the place of x's.

const replaced = (name: string): Composite<Value> => ({
  name,
  body: (_, made) => made,
  gradient: (_, inputs) => inputs.map((x) => x.edge && zerosLike(x)),
});

const byUniform = replaced("UniformBackward0");
const byNormal = replaced("NormalBackward0");
const byBernoulli = ["0", "1", "2"].map((form) => replaced(`BernoulliBackward${form}`));
const byExponential = replaced("ExponentialBackward0");
const byGeometric = replaced("GeometricBackward0");
const byLogNormal = replaced("LogNormalBackward0");
const byCauchy = replaced("CauchyBackward0");
const byRandom = replaced("RandomBackward0");

/** x's place, taken by numbers cast to its dtype. */
const instead = (spec: Composite<Value>, x: Value, made: Value): Value =>
  composite(spec, [x], ops.cast(made, x.node.dtype));

export function uniform(x: Value, from: number, to: number, draw: Draw): Value {
  const { shape, dtype } = x.node;
  requireFloat("uniform_", dtype);
  if (!(from <= to)) {
    fail("uniform_", `expects to return a [from, to) range, but found from=${from} > to=${to}`);
  }
  if (!Number.isFinite(roundTo(dtype, to - from))) {
    fail("uniform_", `expects to - from to be finite in ${dtype}, but found ${from} and ${to}`);
  }
  const share = ops.cast(rand(shape, dtype, draw), wideOf(dtype));
  return instead(byUniform, x, ops.add(ops.mul(share, to - from), from));
}

/** The continuous distributions, each on dtypes with fractions. */
function requireContinuous(op: string, title: string, { node: { dtype } }: Value): void {
  if (isFloat(dtype)) return;
  fail(
    op,
    `${title} distribution is a continuous probability distribution. dtype must be a floating ` +
      `point but you specified ${dtype}`,
  );
}

function normals({ node: { shape, dtype } }: Value, mean: number, std: number, draw: Draw): Value {
  const standard = reshape(random.randn(wideOf(dtype), sizeOf(shape), draw), shape);
  return ops.add(ops.mul(standard, std), mean);
}

function requireSpread(std: number): void {
  if (!(std >= 0)) fail("normal", `expects std >= 0.0, but found std ${std}`);
}

export function normal(x: Value, mean: number, std: number, draw: Draw): Value {
  requireFloat("normal_", x.node.dtype);
  requireSpread(std);
  return instead(byNormal, x, normals(x, mean, std, draw));
}

export function logNormal(x: Value, mean: number, std: number, draw: Draw): Value {
  requireContinuous("logNormal_", "Log normal", x);
  if (!(std > 0)) fail("logNormal_", `expects std > 0.0, but found std=${std}`);
  return instead(byLogNormal, x, transcendental.exp(normals(x, mean, std, draw)));
}

export function exponential(x: Value, rate: number, draw: Draw): Value {
  const { shape, dtype } = x.node;
  requireContinuous("exponential_", "Exponential", x);
  if (!(rate > 0)) fail("exponential_", `expects lambda > 0.0, but found lambda=${rate}`);
  return instead(byExponential, x, ops.div(exponentials(shape, wideOf(dtype), draw), rate));
}

/** median + sigma·tan π(u - ½) */
export function cauchy(x: Value, median: number, sigma: number, draw: Draw): Value {
  requireContinuous("cauchy_", "Cauchy", x);
  if (!(sigma > 0)) fail("cauchy_", `expects sigma > 0.0, but found sigma=${sigma}`);
  const angle = ops.mul(ops.sub(open(x.node.shape, "float64", draw), 0.5), Math.PI);
  const tangent = ops.div(transcendental.sin(angle), transcendental.cos(angle));
  return instead(byCauchy, x, ops.add(ops.mul(tangent, sigma), median));
}

/** ⌈log u / log(1 - p)⌉: the trials up to the first success. */
export function geometric(x: Value, p: number, draw: Draw): Value {
  const { shape, dtype } = x.node;
  if (dtype === "bool") fail("geometric_", "not implemented for 'Bool'");
  if (!(p > 0 && p < 1)) fail("geometric_", `expects p to be in (0, 1), but got p=${p}`);
  const log = transcendental.log(open(shape, "float64", draw));
  const trials = ops.ceil(ops.div(log, Math.log1p(-p)));
  const most = isFloat(dtype) ? Infinity : limitsOf(dtype)[1];
  return instead(byGeometric, x, ops.minimum(trials, most));
}

/** Whole numbers from `from` on, below `to`; without these, all that the dtype holds from 0 on. */
export function wholes(x: Value, from: number, to: number | null, draw: Draw): Value {
  const { shape, dtype } = x.node;
  const end = to ?? limitsOf(dtype)[1] + 1;
  checkRange(from, end, dtype);
  return instead(byRandom, x, integers(shape, [from, end], draw));
}

// Trials

/** Whether each trial succeeds: with 53 bits, so that a small probability is not rounded to another. */
const succeeds = (shape: Shape, p: Value | number, draw: Draw): Value =>
  ops.lt(reshape(random.rand("float64", sizeOf(shape), draw), shape), p);

function requireProbability(p: number): void {
  if (!(p >= 0 && p <= 1)) fail("bernoulli_", `expects p to be in [0, 1], but got p=${p}`);
}

/** 1 with the probability that x's elements name, else 0. */
export function bernoulli(x: Value, draw: Draw): Value {
  const { shape, dtype } = x.node;
  requireFloat("bernoulli", dtype);
  const wins = succeeds(shape, ops.cast({ node: x.node, edge: null }, "float64"), draw);
  return composite(byBernoulli[0] as Composite<Value>, [x], ops.cast(wins, dtype));
}

/** 1 with probability p, else 0, in the shape and dtype of x. */
export function bernoulliOf(x: Value, p: number, draw: Draw): Value {
  requireProbability(p);
  return instead(byBernoulli[2] as Composite<Value>, x, succeeds(x.node.shape, p, draw));
}

/** As bernoulliOf, with a probability for each element of x. */
export function bernoulliOfEach(x: Value, p: Value, draw: Draw): Value {
  const { shape, dtype } = x.node;
  requireFloat("bernoulli_", p.node.dtype);
  const chances = fitted({ node: p.node, edge: null }, { shape, dtype: "float64" });
  const wins = ops.cast(succeeds(shape, chances, draw), dtype);
  return composite(byBernoulli[1] as Composite<Value>, [x, p], wins);
}

// Normal numbers of given means and spreads.

const normalSpecs = ["1", "2", "3"].map((form) => replaced(`NormalBackward${form}`));

/** mean + std·n, where at least one is a tensor; they broadcast. */
export function normalOf(mean: Value | number, std: Value | number, draw: Draw): Value {
  const given = [mean, std].filter((x) => typeof x === "object");
  for (const { node } of given) requireFloat("normal", node.dtype);
  if (typeof std === "number") requireSpread(std);
  const shape = commonShape("normal", ...given);
  const dtype = given.map(({ node }) => node.dtype).reduce(promote);
  const wide = wideOf(dtype);
  const [center, spread] = [mean, std].map((x) =>
    typeof x === "number" ? x : fitted({ node: x.node, edge: null }, { shape, dtype: wide }),
  ) as [Value | number, Value | number];
  const standard = reshape(random.randn(wide, sizeOf(shape), draw), shape);
  const made = ops.cast(ops.add(ops.mul(standard, spread), center), dtype);
  const form = given.length === 2 ? 2 : typeof mean === "object" ? 0 : 1;
  return composite(normalSpecs[form] as Composite<Value>, given, made);
}

/** mean + std·n */
export function normalSized(
  [mean, std]: readonly [number, number],
  shape: Shape,
  dtype: DType,
  draw: Draw,
): Value {
  requireFloat("normal", dtype);
  requireSpread(std);
  const standard = reshape(random.randn(wideOf(dtype), sizeOf(shape), draw), shape);
  return ops.cast(ops.add(ops.mul(standard, std), mean), dtype);
}
