// Distances and directions of pairs of vectors.

import { bool, int, number } from "../../base/parameters.ts";
import * as functional from "../functional.ts";
import { ofTwo } from "../simple-module.ts";

export class CosineSimilarity extends ofTwo(
  [int("dim", 1), number("eps", 1e-8)],
  ["x1", "x2"],
  (x1, x2, { dim, eps }) => functional.cosineSimilarity(x1, x2, dim, eps),
) {}

export class PairwiseDistance extends ofTwo(
  [number("p", 2), number("eps", 1e-6), bool("keepdim", false)],
  ["x1", "x2"],
  (x1, x2, { p, eps, keepdim }) => functional.pairwiseDistance(x1, x2, p, eps, keepdim),
) {}
