// Records of embeddings and of classes in one-hot form. With `maxNorm` the table is changed in place.

import { fail } from "../../base/errors.ts";
import { bool, choice, inferred, int, number, tensor } from "../../base/parameters.ts";
import * as embeddings from "../../functions/embeddings.ts";
import { amax, amin } from "../../functions/extrema.ts";
import type { Value } from "../../graph/tape.ts";
import { read } from "../../realize.ts";
import { changing, family, functionOnly, on } from "../../tensor/records/record.ts";

/** As many classes as the largest of them asks for. */
async function oneHotOfAll(x: Value): Promise<Value> {
  embeddings.requireClasses(x);
  if (x.node.size === 0) {
    fail("oneHot", "Can not infer total number of classes from empty tensor.");
  }
  const [[least], [most]] = await Promise.all([read(amin(x).node), read(amax(x).node)]);
  if (Number(least) < 0) fail("oneHot", "Class values must be non-negative.");
  return embeddings.oneHot(x, Number(most) + 1);
}

const index = tensor("input");
const weight = tensor("weight");
const paddingIdx = int("paddingIdx", null);
const maxNorm = number("maxNorm", null);
const normType = number("normType", 2);
const byFrequency = bool("scaleGradByFreq", false);
const sparse = bool("sparse", false);

export const embeddingRecords = family({
  oneHot: functionOnly(
    on([index, inferred("numClasses", -1)], (x): Promise<Value> => oneHotOfAll(x)),
    on([index, int("numClasses")], embeddings.oneHot),
  ),
  embedding: functionOnly(
    changing(
      [index, weight, paddingIdx, maxNorm, normType, byFrequency, sparse],
      [1],
      (index, weight, paddingIdx, maxNorm, normType, scaleGradByFreq) =>
        embeddings.embedding(index, weight, { paddingIdx, maxNorm, normType, scaleGradByFreq }),
    ),
  ),
  embeddingBag: functionOnly(
    changing(
      [
        index,
        weight,
        tensor("offsets", null),
        maxNorm,
        normType,
        byFrequency,
        choice("mode", embeddings.bagModes),
        sparse,
        tensor("perSampleWeights", null),
        bool("includeLastOffset", false),
        paddingIdx,
      ],
      [1],
      (index, weight, offsets, maxNorm, normType, scaleGradByFreq, mode, ...rest) => {
        const [, perSampleWeights, includeLastOffset, paddingIdx] = rest;
        const bags = { offsets, perSampleWeights, includeLastOffset, mode };
        const lookup = { paddingIdx, maxNorm, normType, scaleGradByFreq };
        return embeddings.embeddingBag(index, weight, bags, lookup);
      },
    ),
  ),
});
