// Records of losses. `sizeAverage` and `reduce` are the flags that `reduction` has replaced.

import {
  anything,
  bool,
  callback,
  choice,
  int,
  number,
  only,
  operand,
  shape,
  tensor,
} from "../../base/parameters.ts";
import { scalarValue } from "../../base/scalars.ts";
import * as classes from "../../functions/cross-entropy.ts";
import { type CtcOptions, ctcLoss } from "../../functions/ctc-loss.ts";
import { linearCrossEntropy } from "../../functions/linear-cross-entropy.ts";
import { reductionOf, reductions } from "../../functions/loss-reductions.ts";
import * as losses from "../../functions/losses.ts";
import * as margins from "../../functions/margin-losses.ts";
import { isValue } from "../../functions/operands.ts";
import * as probabilities from "../../functions/probability-losses.ts";
import { constantValue, type Value } from "../../graph/tape.ts";
import { upload } from "../../realize.ts";
import { family, functionOnly, on } from "../../tensor/records/record.ts";
import { distanceOfTensors } from "../distance-function.ts";

const x = tensor("input");
const target = tensor("target");
const weight = tensor("weight", null);
const sizeAverage = bool("sizeAverage", null);
const reduce = bool("reduce", null);
const reduction = choice("reduction", reductions);
const flags = [sizeAverage, reduce, reduction] as const;
const pair = [tensor("input1"), tensor("input2"), target] as const;
const ignoreIndex = int("ignoreIndex", -100);
const labelSmoothing = number("labelSmoothing", 0);

type Pointwise = typeof losses.mseLoss;

const distance = (run: Pointwise) =>
  functionOnly(
    on([x, target, ...flags, weight], (x, t, average, reduce, reduction, weight) =>
      run(x, t, { reduction: reductionOf(average, reduce, reduction), weight }),
    ),
  );

const regressions = family({
  mseLoss: distance(losses.mseLoss),
  l1Loss: distance(losses.l1Loss),
  smoothL1Loss: functionOnly(
    on([x, target, ...flags, number("beta", 1)], (x, t, average, reduce, reduction, beta) =>
      losses.smoothL1Loss(x, t, reductionOf(average, reduce, reduction), beta),
    ),
  ),
  huberLoss: functionOnly(
    on([x, target, reduction, number("delta", 1), weight], (x, t, reduction, delta, weight) =>
      losses.huberLoss(x, t, delta, { reduction, weight }),
    ),
  ),
  poissonNllLoss: functionOnly(
    on(
      [
        x,
        target,
        bool("logInput", true),
        bool("full", false),
        sizeAverage,
        number("eps", 1e-8),
        reduce,
        reduction,
      ],
      (x, t, logInput, full, average, eps, reduce, reduction) =>
        losses.poissonNllLoss(
          x,
          t,
          { logInput, full, eps },
          reductionOf(average, reduce, reduction),
        ),
    ),
  ),
  gaussianNllLoss: functionOnly(
    on(
      [x, target, operand("var"), bool("full", false), number("eps", 1e-6), reduction],
      (x, t, given, full, eps, reduction) => {
        const variance = isValue(given) ? given : scalarValue(given);
        return losses.gaussianNllLoss(x, t, variance, { full, eps, reduction });
      },
    ),
  ),
});

const likelihoods = family({
  binaryCrossEntropy: functionOnly(
    on([x, target, weight, ...flags], (x, t, weight, average, reduce, reduction) =>
      probabilities.binaryCrossEntropy(x, t, {
        weight,
        reduction: reductionOf(average, reduce, reduction),
      }),
    ),
  ),
  binaryCrossEntropyWithLogits: functionOnly(
    on(
      [x, target, weight, ...flags, tensor("posWeight", null)],
      (x, t, weight, average, reduce, reduction, posWeight) =>
        probabilities.binaryCrossEntropyWithLogits(x, t, {
          weight,
          posWeight,
          reduction: reductionOf(average, reduce, reduction),
        }),
    ),
  ),
  klDiv: functionOnly(
    on(
      [
        x,
        target,
        sizeAverage,
        reduce,
        choice("reduction", [...reductions, "batchmean"]),
        bool("logTarget", false),
      ],
      (x, t, average, reduce, reduction, logTarget) =>
        probabilities.klDiv(x, t, {
          reduction: reductionOf(average, reduce, reduction),
          logTarget,
        }),
    ),
  ),
  softMarginLoss: functionOnly(
    on([x, target, ...flags], (x, t, ...flags) =>
      probabilities.softMarginLoss(x, t, reductionOf(...flags)),
    ),
  ),
  multilabelSoftMarginLoss: functionOnly(
    on([x, target, weight, ...flags], (x, t, weight, ...flags) =>
      probabilities.multilabelSoftMarginLoss(x, t, { weight, reduction: reductionOf(...flags) }),
    ),
  ),
  nllLoss: functionOnly(
    on(
      [x, target, weight, sizeAverage, ignoreIndex, reduce, reduction],
      (x, t, weight, average, ignoreIndex, reduce, reduction) =>
        classes.nllLoss(x, t, {
          weight,
          ignoreIndex,
          reduction: reductionOf(average, reduce, reduction),
        }),
    ),
  ),
  crossEntropy: functionOnly(
    on(
      [x, target, weight, sizeAverage, ignoreIndex, reduce, reduction, labelSmoothing],
      (x, t, weight, average, ignoreIndex, reduce, reduction, labelSmoothing) =>
        classes.crossEntropy(x, t, {
          weight,
          ignoreIndex,
          reduction: reductionOf(average, reduce, reduction),
          labelSmoothing,
        }),
    ),
  ),
  linearCrossEntropy: functionOnly(
    on(
      [
        x,
        tensor("linearWeight"),
        target,
        only(tensor("linearBias", null)),
        only(weight),
        only(reduction),
        only(int("ignoreIndex", null)),
        only(labelSmoothing),
        // How PyTorch cuts the work into pieces; here the compiler does.
        only(anything("options", null)),
      ],
      (x, linearWeight, t, bias, weight, reduction, ignored, labelSmoothing) =>
        linearCrossEntropy(x, { weight: linearWeight, bias }, t, {
          weight,
          reduction,
          ignoreIndex: ignored ?? -100,
          labelSmoothing,
        }),
    ),
  ),
});

const ctcOptions = [int("blank", 0), reduction, bool("zeroInfinity", false)] as const;

const lengthsOf = (lengths: readonly number[]): Value =>
  constantValue(upload("int64", [lengths.length], Int32Array.from(lengths)));

const sequences = family({
  ctcLoss: functionOnly(
    on(
      [
        tensor("logProbs"),
        tensor("targets"),
        tensor("inputLengths"),
        tensor("targetLengths"),
        ...ctcOptions,
      ],
      (x, targets, inputLengths, targetLengths, blank, reduction, zeroInfinity) => {
        const options: CtcOptions = { blank, reduction, zeroInfinity };
        return ctcLoss(x, targets, { inputLengths, targetLengths, known: null }, options);
      },
    ),
    on(
      [
        tensor("logProbs"),
        tensor("targets"),
        shape("inputLengths"),
        shape("targetLengths"),
        ...ctcOptions,
      ],
      (x, labels, inputs, targets, blank, reduction, zeroInfinity) => {
        const known = { inputs, targets };
        const lengths = {
          inputLengths: lengthsOf(inputs),
          targetLengths: lengthsOf(targets),
          known,
        };
        return ctcLoss(x, labels, lengths, { blank, reduction, zeroInfinity });
      },
    ),
  ),
});

const margin = number("margin", 0);
const swap = bool("swap", false);
const triple = [tensor("anchor"), tensor("positive"), tensor("negative")] as const;

const marginLosses = family({
  marginRankingLoss: functionOnly(
    on([...pair, margin, ...flags], (x, y, t, margin, ...flags) =>
      margins.marginRankingLoss([x, y, t], margin, reductionOf(...flags)),
    ),
  ),
  cosineEmbeddingLoss: functionOnly(
    on([...pair, margin, ...flags], (x, y, t, margin, ...flags) =>
      margins.cosineEmbeddingLoss([x, y, t], margin, reductionOf(...flags)),
    ),
  ),
  hingeEmbeddingLoss: functionOnly(
    on([x, target, number("margin", 1), ...flags], (x, t, margin, ...flags) =>
      margins.hingeEmbeddingLoss(x, t, margin, reductionOf(...flags)),
    ),
  ),
  multiMarginLoss: functionOnly(
    on(
      [x, target, int("p", 1), number("margin", 1), weight, ...flags],
      (x, t, p, margin, weight, ...flags) =>
        margins.multiMarginLoss(x, t, { p, margin, weight, reduction: reductionOf(...flags) }),
    ),
  ),
  multilabelMarginLoss: functionOnly(
    on([x, target, ...flags], (x, t, ...flags) =>
      margins.multilabelMarginLoss(x, t, reductionOf(...flags)),
    ),
  ),
  tripletMarginLoss: functionOnly(
    on(
      [...triple, number("margin", 1), number("p", 2), number("eps", 1e-6), swap, ...flags],
      (a, p, n, margin, norm, eps, swap, ...flags) =>
        margins.tripletMarginLoss([a, p, n], {
          margin,
          p: norm,
          eps,
          swap,
          reduction: reductionOf(...flags),
        }),
    ),
  ),
  tripletMarginWithDistanceLoss: functionOnly(
    on(
      [
        ...triple,
        only(callback("distanceFunction", null)),
        only(number("margin", 1)),
        only(swap),
        only(reduction),
      ],
      (a, p, n, given, margin, swap, reduction) =>
        margins.tripletLoss("tripletMarginWithDistanceLoss", [a, p, n], distanceOfTensors(given), {
          margin,
          swap,
          reduction,
        }),
    ),
  ),
});

export const lossRecords = {
  ...regressions,
  ...likelihoods,
  ...sequences,
  ...marginLosses,
} as const;
