// Angles and distances: points in the plane, degrees and radians.

import { type Composite, composite } from "../autograd/composite.ts";
import type { Value } from "../graph/tape.ts";
import { cast, lt, mul, ne, where } from "../ops/arithmetic.ts";
import * as polar from "../ops/polar.ts";
import { zerosLike } from "../ops/source.ts";
import { asFloat, type BinaryFunction, callBinary, inFloat } from "./operands.ts";

const arctangent: BinaryFunction = {
  name: "atan2",
  op: polar.atan2,
  tapeName: "Atan2Backward0",
  computeIn: inFloat,
};

/** The angle of the point (x, y), in (-π, π]. */
export const atan2 = (y: Value, x: Value): Value => callBinary(arctangent, y, x);

const distance: BinaryFunction = {
  name: "hypot",
  op: polar.hypot,
  tapeName: "HypotBackward0",
  wantsFloat: true,
};

/** √(x² + y²) */
export const hypot = (x: Value, y: Value): Value => callBinary(distance, x, y);

const angleSpec: Composite<null> = {
  name: "AngleBackward0",
  body: ([x]) => where(ne(x, x), x, mul(cast(lt(x, 0), x.node.dtype), Math.PI)),
  // Constant on either side of 0; the chain rule would find no path but that of NaN.
  gradient: (g) => [zerosLike(g)],
};

/** 0 or π: that of a real number, seen from 0 in the complex plane. NaN stays. */
export const angle = (x: Value): Value => composite(angleSpec, [asFloat(x)], null);

const scaledBy = (name: string, factor: number): Composite<null> => ({
  name,
  body: ([x]) => mul(x, factor),
});

const degreesSpec = scaledBy("Rad2DegBackward0", 180 / Math.PI);
const radiansSpec = scaledBy("Deg2RadBackward0", Math.PI / 180);

export const rad2deg = (x: Value): Value => composite(degreesSpec, [asFloat(x)], null);
export const deg2rad = (x: Value): Value => composite(radiansSpec, [asFloat(x)], null);
