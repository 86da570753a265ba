// Samples of arithmetic, comparison and choice.

import { copysign, fill, float, rsub, type Tensor, where } from "../../src/index.ts";
import type {
  arithmetics,
  choices,
  comparisons,
  rectifiers,
} from "../../src/tensor/records/pointwise.ts";
import { type Sample, type SampleInput, type Samples, sample } from "./samples.ts";

const wide = [-3, 3] as const;
const positive = [0.3, 3] as const;
/** Meets a [3, 4] by broadcasting. */
const row: SampleInput = { shape: [4], from: 0.4, to: 2 };
const bools: SampleInput = { shape: [3, 4], dtype: "bool", from: 0, to: 2 };

const of = (call: (x: Tensor) => Tensor): Sample => sample(call, wide);
const ofTwo = (call: (x: Tensor, y: Tensor) => Tensor): readonly Sample[] => [
  sample(call, wide, positive),
  sample(call, wide, row),
];
const flat = "flat wherever it has a derivative: the gradient is 0";

const ofPositive = (call: (x: Tensor) => Tensor): Sample => sample(call, positive);

const powers: readonly Sample[] = [
  sample((x, y) => x.pow(y), positive, wide),
  of((x) => x.pow(3)),
  sample((x) => x.pow(-1.5), positive),
];

const clamps: readonly Sample[] = [
  of((x) => x.clamp(-1, 1.5)),
  sample((x, low, high) => x.clamp(low, high), wide, [-1.5, -0.5], [0.5, 1.5]),
];

export const arithmeticSamples: Samples<typeof arithmetics> = {
  add: [...ofTwo((x, y) => x.add(y)), ...ofTwo((x, y) => x.add(y, { alpha: 3 }))],
  sub: ofTwo((x, y) => x.sub(y)),
  subtract: ofTwo((x, y) => x.subtract(y)),
  rsub: ofTwo((x, y) => rsub(x, y, { alpha: 2 })),
  mul: ofTwo((x, y) => x.mul(y)),
  multiply: ofTwo((x, y) => x.multiply(y)),
  div: ofTwo((x, y) => x.div(y)),
  divide: ofTwo((x, y) => x.divide(y)),
  trueDivide: ofTwo((x, y) => x.trueDivide(y)),
  floorDivide: flat,
  remainder: ofTwo((x, y) => x.remainder(y)),
  fmod: ofTwo((x, y) => x.fmod(y)),
  pow: powers,
  floatPower: [sample((x, y) => x.floatPower(y), positive, wide), of((x) => x.floatPower(2))],
  maximum: ofTwo((x, y) => x.maximum(y)),
  minimum: ofTwo((x, y) => x.minimum(y)),
  fmax: ofTwo((x, y) => x.fmax(y)),
  fmin: ofTwo((x, y) => x.fmin(y)),
  gcd: "takes and gives integers, which have no derivative",
  lcm: "takes and gives integers, which have no derivative",
  neg: of((x) => x.neg()),
  negative: of((x) => x.negative()),
  abs: of((x) => x.abs()),
  absolute: of((x) => x.absolute()),
  sign: flat,
  sgn: flat,
  copysign: [sample((x, y) => x.copysign(y), wide, wide), of((x) => copysign(x, float(-2)))],
  heaviside: "PyTorch records no gradient of it",
  nextafter: sample((x) => x.nextafter(x.detach().add(1)), wide),
  square: of((x) => x.square()),
  reciprocal: ofPositive((x) => x.reciprocal()),
  sqrt: ofPositive((x) => x.sqrt()),
  rsqrt: ofPositive((x) => x.rsqrt()),
  floor: flat,
  ceil: flat,
  round: flat,
  positive: of((x) => x.positive().mul(x)),
  real: of((x) => x.real().mul(x)),
  trunc: flat,
  fix: flat,
  frac: of((x) => x.frac()),
  nanToNum: of((x) => x.nanToNum()),
  frexp: ofPositive((x) => x.frexp().mantissa),
  ldexp: ofTwo((x, y) => x.ldexp(y)),
  clamp: clamps,
  clip: of((x) => x.clip(-1, 1.5)),
  clampMin: of((x) => x.clampMin(-0.5)),
  clampMax: of((x) => x.clampMax(0.5)),
  addcmul: sample((x, a, b) => x.addcmul(a, b, { value: 2 }), wide, wide, row),
  addcdiv: sample((x, a, b) => x.addcdiv(a, b, { value: 2 }), wide, wide, row),
  lerp: [
    sample((x, end, weight) => x.lerp(end, weight), wide, wide, row),
    sample((x, end) => x.lerp(end, 0.3), wide, wide),
  ],
};

const answer = "its elements are bools, which have no derivative";

export const comparisonSamples: Samples<typeof comparisons> = {
  eq: answer,
  ne: answer,
  lt: answer,
  le: answer,
  gt: answer,
  ge: answer,
  notEqual: answer,
  less: answer,
  lessEqual: answer,
  greater: answer,
  greaterEqual: answer,
  logicalAnd: answer,
  logicalOr: answer,
  logicalXor: answer,
  logicalNot: answer,
  isnan: answer,
  isinf: answer,
  isposinf: answer,
  isneginf: answer,
  isfinite: answer,
  isreal: answer,
  signbit: answer,
  maskedFill: [
    sample((x, mask) => x.maskedFill(mask, 2), wide, bools),
    sample((x, mask, value) => x.maskedFill(mask, value), wide, bools, { shape: [] }),
  ],
};

export const rectifierSamples: Samples<typeof rectifiers> = {
  relu: of((x) => x.relu()),
};

export const choiceSamples: Samples<typeof choices> = {
  where: sample((mask, x, y) => where(mask, x, y), bools, wide, row),
  fill: sample((x, value) => fill(x, value), wide, { shape: [] }),
};
