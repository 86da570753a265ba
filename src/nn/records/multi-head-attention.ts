// The record of attention of several heads, with the parameters of its module.

import { fail } from "../../base/errors.ts";
import { bool, int, nullable, number, tensor } from "../../base/parameters.ts";
import { type Besides, multiHeadAttention } from "../../functions/multi-head-attention.ts";
import type { Value } from "../../graph/tape.ts";
import { drawFrom } from "../../tensor/generator.ts";
import { family, functionOnly, on } from "../../tensor/records/record.ts";

/** Either the one weight for query, key and value, or one for each. */
function weightsOf(
  inWeight: Value | null,
  each: readonly (Value | null)[],
  usesEach: boolean,
): Pick<Besides, "inWeight" | "qWeight" | "kWeight" | "vWeight"> {
  const op = "multiHeadAttentionForward";
  if (!usesEach) {
    if (!inWeight) fail(op, "useSeparateProjWeight is false but inProjWeight is null");
    return { inWeight, qWeight: null, kWeight: null, vWeight: null };
  }
  const [qWeight, kWeight, vWeight] = each;
  if (!qWeight || !kWeight || !vWeight) {
    fail(op, "useSeparateProjWeight is true but a weight of q, k and v is null");
  }
  return { inWeight: null, qWeight, kWeight, vWeight };
}

export const multiHeadRecords = family({
  multiHeadAttentionForward: functionOnly(
    on(
      [
        tensor("query"),
        tensor("key"),
        tensor("value"),
        int("embedDimToCheck"),
        int("numHeads"),
        nullable(tensor("inProjWeight")),
        nullable(tensor("inProjBias")),
        nullable(tensor("biasK")),
        nullable(tensor("biasV")),
        bool("addZeroAttn"),
        number("dropoutP"),
        tensor("outProjWeight"),
        nullable(tensor("outProjBias")),
        bool("training", true),
        tensor("keyPaddingMask", null),
        bool("needWeights", true),
        tensor("attnMask", null),
        bool("useSeparateProjWeight", false),
        tensor("qProjWeight", null),
        tensor("kProjWeight", null),
        tensor("vProjWeight", null),
        tensor("staticK", null),
        tensor("staticV", null),
        bool("averageAttnWeights", true),
        bool("isCausal", false),
      ],
      (query, key, value, embedDim, numHeads, inWeight, inBias, biasK, biasV, ...rest) => {
        const [addZeroAttn, dropoutP, outWeight, outBias, training, keyPaddingMask, ...more] = rest;
        const [needWeights, attnMask, usesEach, q, k, v, staticK, staticV, ...last] = more;
        const [averageAttnWeights, isCausal] = last;
        return multiHeadAttention(
          [query, key, value],
          {
            ...weightsOf(inWeight, [q, k, v], usesEach),
            inBias,
            biasK,
            biasV,
            outWeight,
            outBias,
            keyPaddingMask,
            attnMask,
            staticK,
            staticV,
          },
          {
            embedDim,
            numHeads,
            addZeroAttn,
            dropoutP: training ? dropoutP : 0,
            needWeights,
            averageAttnWeights,
            isCausal,
          },
          () => drawFrom(null),
        );
      },
    ),
  ),
});
