// Every primitive by its name. Tables over primitives are `Record<PrimitiveName, …>`.

import * as arithmetic from "./arithmetic.ts";
import { besidePrimitive } from "./beside.ts";
import { contractPrimitive } from "./contract.ts";
import * as division from "./division.ts";
import * as floatParts from "./float-parts.ts";
import * as hyperbolic from "./hyperbolic.ts";
import * as indexing from "./indexing.ts";
import * as inverseTrigonometric from "./inverse-trigonometric.ts";
import * as linear from "./linear.ts";
import * as numberTheory from "./number-theory.ts";
import type { PointwiseOp } from "./pointwise.ts";
import * as polar from "./polar.ts";
import type { Primitive } from "./primitive.ts";
import * as reduce from "./reduce.ts";
import * as scan from "./scan.ts";
import * as selection from "./selection.ts";
import { argsortPrimitive } from "./sort.ts";
import * as special from "./special.ts";
import * as transcendental from "./transcendental.ts";

const { cast: _cast, castPrimitive, ...pointwiseArithmetic } = arithmetic;

export const pointwiseOps = {
  ...pointwiseArithmetic,
  ...division,
  ...transcendental,
  ...inverseTrigonometric,
  ...hyperbolic,
  ...polar,
  ...special,
  ...floatParts,
  ...numberTheory,
} satisfies Record<string, PointwiseOp>;

export const otherPrimitives = {
  cast: castPrimitive,
  beside: besidePrimitive,
  permute: linear.permutePrimitive,
  reshape: linear.reshapePrimitive,
  expand: linear.expandPrimitive,
  sum: linear.sumPrimitive,
  slice: linear.slicePrimitive,
  place: linear.placePrimitive,
  window: linear.windowPrimitive,
  review: linear.reviewPrimitive,
  gather: indexing.gatherPrimitive,
  scatterAdd: indexing.scatterAddPrimitive,
  scatter: indexing.scatterPrimitive,
  scatterReduce: indexing.scatterReducePrimitive,
  compact: selection.compactPrimitive,
  argsort: argsortPrimitive,
  amax: reduce.amaxPrimitive,
  amin: reduce.aminPrimitive,
  argmax: reduce.argmaxPrimitive,
  argmin: reduce.argminPrimitive,
  prod: reduce.prodPrimitive,
  contract: contractPrimitive,
  cumsum: scan.cumsumPrimitive,
  cumprod: scan.cumprodPrimitive,
  cummax: scan.cummaxPrimitive,
  cummin: scan.cumminPrimitive,
  argcummax: scan.argcummaxPrimitive,
  argcummin: scan.argcumminPrimitive,
  logcumsumexp: scan.logcumsumexpPrimitive,
  recurrence: scan.recurrencePrimitive,
} satisfies Record<string, Primitive<never>>;

export type PointwiseName = keyof typeof pointwiseOps;
export type OtherName = keyof typeof otherPrimitives;
export type PrimitiveName = PointwiseName | OtherName;
