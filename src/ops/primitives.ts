// Every primitive by its name. Tables over primitives are `Record<PrimitiveName, …>`.

import * as arithmetic from "./arithmetic.ts";
import * as division from "./division.ts";
import * as linear from "./linear.ts";
import type { PointwiseOp } from "./pointwise.ts";
import type { Primitive } from "./primitive.ts";
import * as reduce from "./reduce.ts";
import * as transcendental from "./transcendental.ts";

const { cast: _cast, castPrimitive, ...pointwiseArithmetic } = arithmetic;

export const pointwiseOps = {
  ...pointwiseArithmetic,
  ...division,
  ...transcendental,
} satisfies Record<string, PointwiseOp>;

export const otherPrimitives = {
  cast: castPrimitive,
  permute: linear.permutePrimitive,
  reshape: linear.reshapePrimitive,
  expand: linear.expandPrimitive,
  sum: linear.sumPrimitive,
  slice: linear.slicePrimitive,
  place: linear.placePrimitive,
  window: linear.windowPrimitive,
  review: linear.reviewPrimitive,
  gather: linear.gatherPrimitive,
  scatterAdd: linear.scatterAddPrimitive,
  scatter: linear.scatterPrimitive,
  amax: reduce.amaxPrimitive,
  amin: reduce.aminPrimitive,
  argmax: reduce.argmaxPrimitive,
  argmin: reduce.argminPrimitive,
  prod: reduce.prodPrimitive,
} satisfies Record<string, Primitive<never>>;

export type PointwiseName = keyof typeof pointwiseOps;
export type OtherName = keyof typeof otherPrimitives;
export type PrimitiveName = PointwiseName | OtherName;
