// Records of random numbers: tensors of them, samples, fills in place, and dropout at the root.

import type { DType } from "../../base/dtypes.ts";
import {
  bool,
  dtype,
  generator,
  int,
  nullable,
  number,
  only,
  shape,
  sizes,
  tensor,
} from "../../base/parameters.ts";
import * as dropouts from "../../functions/dropout.ts";
import type { Draw } from "../../functions/random.ts";
import * as random from "../../functions/random.ts";
import { multinomial, randperm } from "../../functions/sampling.ts";
import type { Value } from "../../graph/tape.ts";
import { drawFrom } from "../generator.ts";
import { checkedSize } from "./creation.ts";
import { family, functionOnly, inPlaceOnly, on, op, orSelf } from "./record.ts";

const size = sizes("size");
const asDType = only(dtype("dtype", null));
const requiresGrad = only(bool("requiresGrad", false));
const from = only(generator("generator", null));
const like = tensor("input");
const x = tensor("input");

type Drawn = (size: readonly number[], dtype: DType, draw: Draw) => Value;

const drawn = (run: Drawn) =>
  functionOnly(
    on([size, from, asDType, requiresGrad], (size, given, as) =>
      run(checkedSize(size), as ?? "float32", drawFrom(given)),
    ),
  );

const drawnLike = (run: Drawn) =>
  functionOnly(
    on([like, from, asDType, requiresGrad], ({ node }, given, as) =>
      run(node.shape, as ?? node.dtype, drawFrom(given)),
    ),
  );

const randint = (
  range: readonly [number, number],
  size: readonly number[],
  as: DType,
  given: object | null,
): Value => random.randint(range, checkedSize(size), as, drawFrom(given));

type Dropout = (x: Value, options: dropouts.Options, draw: () => Draw) => Value;

const dropout = (run: Dropout) =>
  functionOnly(
    orSelf([x, number("p"), bool("train")], (x, p, training) =>
      run(x, { p, training }, () => drawFrom(null)),
    ),
  );

export const randoms = family({
  rand: drawn(random.rand),
  randn: drawn(random.randn),
  randLike: drawnLike(random.rand),
  randnLike: drawnLike(random.randn),
  randint: functionOnly(
    on([int("high"), shape("size"), from, asDType, requiresGrad], (high, size, given, as) =>
      randint([0, high], size, as ?? "int64", given),
    ),
    on(
      [int("low"), int("high"), shape("size"), from, asDType, requiresGrad],
      (low, high, size, given, as) => randint([low, high], size, as ?? "int64", given),
    ),
  ),
  randintLike: functionOnly(
    on([like, int("high"), from, asDType, requiresGrad], ({ node }, high, given, as) =>
      randint([0, high], node.shape, as ?? node.dtype, given),
    ),
    on([like, int("low"), int("high"), from, asDType, requiresGrad], (x, low, high, given, as) =>
      randint([low, high], x.node.shape, as ?? x.node.dtype, given),
    ),
  ),
  randperm: functionOnly(
    on([int("n"), from, asDType, requiresGrad], (n, given, as) =>
      randperm(n, as ?? "int64", drawFrom(given)),
    ),
  ),
  bernoulli: op(
    on([x, from], (x, given) => random.bernoulli(x, drawFrom(given))),
    on([x, number("p"), from], (x, p, given) =>
      random.bernoulliOf({ node: x.node, edge: null }, p, drawFrom(given)),
    ),
  ),
  multinomial: op(
    on([x, int("numSamples"), bool("replacement", false), from], (x, count, replacement, given) =>
      multinomial(x, count, replacement, drawFrom(given)),
    ),
  ),
  normal: functionOnly(
    on([tensor("mean"), tensor("std"), from], (mean, std, given) =>
      random.normalOf(mean, std, drawFrom(given)),
    ),
    on([tensor("mean"), number("std", 1), from], (mean, std, given) =>
      random.normalOf(mean, std, drawFrom(given)),
    ),
    on([number("mean"), tensor("std"), from], (mean, std, given) =>
      random.normalOf(mean, std, drawFrom(given)),
    ),
    on(
      [number("mean"), number("std"), shape("size"), from, asDType, requiresGrad],
      (mean, std, size, given, as) =>
        random.normalSized([mean, std], checkedSize(size), as ?? "float32", drawFrom(given)),
    ),
  ),
  dropout: dropout(dropouts.dropout),
  alphaDropout: dropout(dropouts.alphaDropout),
  featureDropout: dropout(dropouts.featureDropout),
  featureAlphaDropout: dropout(dropouts.featureAlphaDropout),
});

type Fill = (x: Value, first: number, second: number, draw: Draw) => Value;

const fill = <const First extends string, const Second extends string>(
  run: Fill,
  first: readonly [First, number],
  second: readonly [Second, number],
) =>
  inPlaceOnly(
    on([x, number(...first), number(...second), from], (x, one, other, given) =>
      run(x, one, other, drawFrom(given)),
    ),
  );

/** In place only: their names are those of other functions, or of none. */
export const fills = family({
  uniform: fill(random.uniform, ["from", 0], ["to", 1]),
  normal: fill(random.normal, ["mean", 0], ["std", 1]),
  logNormal: fill(random.logNormal, ["mean", 1], ["std", 2]),
  cauchy: fill(random.cauchy, ["median", 0], ["sigma", 1]),
  exponential: inPlaceOnly(
    on([x, number("lambd", 1), from], (x, rate, given) =>
      random.exponential(x, rate, drawFrom(given)),
    ),
  ),
  geometric: inPlaceOnly(
    on([x, number("p"), from], (x, p, given) => random.geometric(x, p, drawFrom(given))),
  ),
  bernoulli: inPlaceOnly(
    on([x, tensor("p"), from], (x, p, given) => random.bernoulliOfEach(x, p, drawFrom(given))),
    on([x, number("p", 0.5), from], (x, p, given) => random.bernoulliOf(x, p, drawFrom(given))),
  ),
  random: inPlaceOnly(
    on([x, from], (x, given) => random.wholes(x, 0, null, drawFrom(given))),
    on([x, int("to"), from], (x, to, given) => random.wholes(x, 0, to, drawFrom(given))),
    on([x, int("from"), nullable(int("to")), from], (x, low, to, given) =>
      random.wholes(x, low, to, drawFrom(given)),
    ),
  ),
});
