// Losses: how far an input is from a target. `sizeAverage` and `reduce` are the flags that `reduction`
// has replaced; a weight is a buffer.

import {
  anything,
  bool,
  choice,
  int,
  number,
  only,
  operand,
  tensor,
} from "../../base/parameters.ts";
import { type LossReduction, reductionOf, reductions } from "../../functions/loss-reductions.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import * as functional from "../functional.ts";
import { Module } from "../module.ts";
import { ofThree, ofTwo, simple } from "../simple-module.ts";

const weight = tensor("weight", null);
const sizeAverage = bool("sizeAverage", null);
const reduce = bool("reduce", null);
const reduction = choice("reduction", reductions);
const flags = [sizeAverage, reduce, reduction] as const;
const ignoreIndex = int("ignoreIndex", -100);
const labelSmoothing = number("labelSmoothing", 0);
const margin = number("margin", 0);
const farMargin = number("margin", 1);
const swap = bool("swap", false);

interface Flags<Reduction extends string> {
  sizeAverage: boolean | null;
  reduce: boolean | null;
  reduction: Reduction;
}

/** What the flags of old mean is what `reduction` is from then on. */
function settle<Reduction extends string>(settings: Flags<Reduction | LossReduction>): void {
  const { sizeAverage, reduce, reduction } = settings;
  settings.reduction = reductionOf(sizeAverage, reduce, reduction);
}

const inputTarget = ["input", "target"] as const;

// Regression

const regression = (run: typeof functional.mseLoss) =>
  ofTwo([...flags], inputTarget, (x, target, { reduction }) => run(x, target, { reduction }), {
    settle,
  });

export class MSELoss extends regression(functional.mseLoss) {}
export class L1Loss extends regression(functional.l1Loss) {}

export class SmoothL1Loss extends ofTwo(
  [...flags, number("beta", 1)],
  inputTarget,
  (x, target, { reduction, beta }) => functional.smoothL1Loss(x, target, { reduction, beta }),
  { settle },
) {}

export class HuberLoss extends ofTwo(
  [reduction, number("delta", 1)],
  inputTarget,
  (x, target, { reduction, delta }) => functional.huberLoss(x, target, reduction, delta),
) {}

export class PoissonNLLLoss extends ofTwo(
  [
    bool("logInput", true),
    bool("full", false),
    sizeAverage,
    number("eps", 1e-8),
    reduce,
    reduction,
  ],
  ["logInput", "target"],
  (x, target, { logInput, full, eps, reduction }) =>
    functional.poissonNllLoss(x, target, { logInput, full, eps, reduction }),
  { settle },
) {}

const gaussian = [only(bool("full", false)), only(number("eps", 1e-6)), only(reduction)] as const;

type WithVariance = [input: Tensor, target: Tensor, variance: Tensor | number];

export class GaussianNLLLoss extends simple<typeof gaussian, WithVariance, Tensor>(
  gaussian,
  [tensor("input"), tensor("target"), operand("var")],
  ([x, target, variance], { full, eps, reduction }) =>
    functional.gaussianNllLoss(x as Tensor, target as Tensor, variance as Tensor, {
      full,
      eps,
      reduction,
    }),
  {},
) {}

// Classes and probabilities

export class BCELoss extends ofTwo(
  [weight, ...flags],
  inputTarget,
  (x, target, { weight, reduction }) =>
    functional.binaryCrossEntropy(x, target, { weight, reduction }),
  { settle },
) {}

export class BCEWithLogitsLoss extends ofTwo(
  [weight, ...flags, tensor("posWeight", null)],
  inputTarget,
  (x, target, { weight, reduction, posWeight }) =>
    functional.binaryCrossEntropyWithLogits(x, target, { weight, reduction, posWeight }),
  { settle },
) {}

export class KLDivLoss extends ofTwo(
  [
    sizeAverage,
    reduce,
    choice("reduction", [...reductions, "batchmean"]),
    bool("logTarget", false),
  ],
  inputTarget,
  (x, target, { reduction, logTarget }) => functional.klDiv(x, target, { reduction, logTarget }),
  { settle },
) {}

export class NLLLoss extends ofTwo(
  [weight, sizeAverage, ignoreIndex, reduce, reduction],
  inputTarget,
  (x, target, { weight, ignoreIndex, reduction }) =>
    functional.nllLoss(x, target, { weight, ignoreIndex, reduction }),
  { settle },
) {}

export class CrossEntropyLoss extends ofTwo(
  [weight, sizeAverage, ignoreIndex, reduce, reduction, labelSmoothing],
  inputTarget,
  (x, target, { weight, ignoreIndex, reduction, labelSmoothing }) =>
    functional.crossEntropy(x, target, { weight, ignoreIndex, reduction, labelSmoothing }),
  { settle },
) {}

const ctc = [int("blank", 0), reduction, bool("zeroInfinity", false)] as const;

type Lengths = Tensor | readonly number[];
type Sequences = [logProbs: Tensor, targets: Tensor, inputLengths: Lengths, targetLengths: Lengths];

export class CTCLoss extends simple<typeof ctc, Sequences, Tensor>(
  ctc,
  [tensor("logProbs"), tensor("targets"), anything("inputLengths"), anything("targetLengths")],
  ([x, targets, inputs, lengths], { blank, reduction, zeroInfinity }) => {
    const [logProbs, labels] = [x as Tensor, targets as Tensor];
    const options = { blank, reduction, zeroInfinity };
    return functional.ctcLoss(logProbs, labels, inputs as Tensor, lengths as Tensor, options);
  },
  {},
) {}

export class SoftMarginLoss extends ofTwo(
  [...flags],
  inputTarget,
  (x, target, { reduction }) => functional.softMarginLoss(x, target, { reduction }),
  { settle },
) {}

export class MultiLabelSoftMarginLoss extends ofTwo(
  [weight, ...flags],
  inputTarget,
  (x, target, { weight, reduction }) =>
    functional.multilabelSoftMarginLoss(x, target, { weight, reduction }),
  { settle },
) {}

// Margins

export class HingeEmbeddingLoss extends ofTwo(
  [farMargin, ...flags],
  inputTarget,
  (x, target, { margin, reduction }) =>
    functional.hingeEmbeddingLoss(x, target, { margin, reduction }),
  { settle },
) {}

export class MultiMarginLoss extends ofTwo(
  [int("p", 1), farMargin, weight, ...flags],
  inputTarget,
  (x, target, { p, margin, weight, reduction }) =>
    functional.multiMarginLoss(x, target, { p, margin, weight, reduction }),
  {
    settle,
  },
) {}

export class MultiLabelMarginLoss extends ofTwo(
  [...flags],
  inputTarget,
  (x, target, { reduction }) => functional.multilabelMarginLoss(x, target, { reduction }),
  { settle },
) {}

const pair = ["input1", "input2", "target"] as const;

export class MarginRankingLoss extends ofThree(
  [margin, ...flags],
  pair,
  (x, y, target, { margin, reduction }) =>
    functional.marginRankingLoss(x, y, target, { margin, reduction }),
  { settle },
) {}

export class CosineEmbeddingLoss extends ofThree(
  [margin, ...flags],
  pair,
  (x, y, target, { margin, reduction }) =>
    functional.cosineEmbeddingLoss(x, y, target, { margin, reduction }),
  { settle },
) {}

const triple = ["anchor", "positive", "negative"] as const;

export class TripletMarginLoss extends ofThree(
  [farMargin, number("p", 2), number("eps", 1e-6), swap, ...flags],
  triple,
  (anchor, positive, negative, { margin, p, eps, swap, reduction }) =>
    functional.tripletMarginLoss(anchor, positive, negative, { margin, p, eps, swap, reduction }),
  { settle },
) {}

/** A function of two tensors, or a module that is one. */
type Distance =
  | ((x: Tensor, y: Tensor) => Tensor)
  | (Module & { forward(x: Tensor, y: Tensor): Tensor });

export class TripletMarginWithDistanceLoss extends ofThree(
  [only(anything("distanceFunction", null)), only(farMargin), only(swap), only(reduction)],
  triple,
  (anchor, positive, negative, { distanceFunction, margin, swap, reduction }) => {
    const given = distanceFunction as Distance | null;
    const distance = given instanceof Module ? (x: Tensor, y: Tensor) => given.call(x, y) : given;
    const options = { distanceFunction: distance, margin, swap, reduction };
    return functional.tripletMarginWithDistanceLoss(anchor, positive, negative, options);
  },
) {}
