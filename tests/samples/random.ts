// Samples of random numbers. What is drawn does not depend on values: PyTorch calls the gradient 0.

import type { Tensor } from "../../src/index.ts";
import {
  alphaDropout,
  dropout,
  featureAlphaDropout,
  featureDropout,
  manualSeed,
} from "../../src/index.ts";
import type { fills, randoms } from "../../src/tensor/records/random.ts";
import { type Row, type Samples, sample } from "./samples.ts";

const noInput = "takes no values, only sizes";
const onlyLooks = "takes a shape and a dtype, no values";
const drawn =
  "what is drawn has gradient 0 by decree; differences with one seed would find another";
const toInteger = "gives positions, which have no derivative";

/** With the same numbers at every call. */
const seeded = (call: (x: Tensor) => Tensor, shape = [3, 4]): Row =>
  sample(
    (x) => {
      manualSeed(3);
      return call(x);
    },
    { shape, from: -2, to: 2 },
  );

export const randomSamples: Samples<typeof randoms> = {
  rand: noInput,
  randn: noInput,
  randint: noInput,
  randperm: noInput,
  randLike: onlyLooks,
  randnLike: onlyLooks,
  randintLike: onlyLooks,
  bernoulli: drawn,
  normal: drawn,
  multinomial: toInteger,
  dropout: seeded((x) => dropout(x, 0.4, true)),
  alphaDropout: seeded((x) => alphaDropout(x, 0.4, true)),
  featureDropout: seeded((x) => featureDropout(x, 0.4, true), [2, 3, 2]),
  featureAlphaDropout: seeded((x) => featureAlphaDropout(x, 0.4, true), [2, 3, 2]),
};

/** The old values are gone, and with them what they depended on. */
const filled = (fill: (x: Tensor) => Tensor): Row => seeded((x) => fill(x.clone()).mul(x));

export const fillSamples: Samples<typeof fills> = {
  uniform: filled((x) => x.uniform_(-1, 2)),
  normal: filled((x) => x.normal_(1, 2)),
  logNormal: filled((x) => x.logNormal_(0, 0.5)),
  cauchy: filled((x) => x.cauchy_()),
  exponential: filled((x) => x.exponential_(2)),
  geometric: filled((x) => x.geometric_(0.4)),
  bernoulli: filled((x) => x.bernoulli_(0.4)),
  random: filled((x) => x.random_(5)),
};
