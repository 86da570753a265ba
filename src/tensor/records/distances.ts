// Records of distances and of products of vectors. `distances` stand in nn.functional too.

import { bool, choice, int, number, tensor } from "../../base/parameters.ts";
import * as functions from "../../functions/distances.ts";
import { family, functionOnly, on, op } from "./record.ts";

const x1 = tensor("x1");
const x2 = tensor("x2");

export const distances = family({
  pdist: functionOnly(on([tensor("input"), number("p", 2)], functions.pdist)),
  pairwiseDistance: functionOnly(
    on(
      [x1, x2, number("p", 2), number("eps", 1e-6), bool("keepdim", false)],
      functions.pairwiseDistance,
    ),
  ),
  cosineSimilarity: functionOnly(
    on([x1, x2, int("dim", 1), number("eps", 1e-8)], functions.cosineSimilarity),
  ),
});

export const vectorProducts = family({
  cdist: functionOnly(
    on(
      // How PyTorch computes it changes the last bits only.
      [
        x1,
        x2,
        number("p", 2),
        choice("computeMode", [
          "use_mm_for_euclid_dist_if_necessary",
          "use_mm_for_euclid_dist",
          "donot_use_mm_for_euclid_dist",
        ]),
      ],
      (x, y, p) => functions.cdist(x, y, p),
    ),
  ),
  cross: op(on([tensor("input"), tensor("other"), int("dim", null)], functions.cross)),
});
