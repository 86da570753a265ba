// Records of what reads and writes at indices, and of searches.

import {
  bool,
  choice,
  int,
  maybeChoice,
  only,
  operand,
  scalar,
  tensor,
} from "../../base/parameters.ts";
import * as indexing from "../../functions/indexing.ts";
import * as scatters from "../../functions/scatters.ts";
import * as searching from "../../functions/searching.ts";
import { maskedScatter, nonzeroStatic } from "../../functions/selection.ts";
import { alsoInPlace, family, functionOnly, on, op } from "./record.ts";

const x = tensor("input");
const dim = int("dim");
const index = tensor("index");
const src = tensor("src");
const source = tensor("source");
const includeSelf = only(bool("includeSelf", true));
const reduce = only(maybeChoice("reduce", ["add", "multiply"]));
const accumulate = bool("accumulate", false);
const right = only(bool("right", false));
const outInt32 = only(bool("outInt32", false));
const invert = [only(bool("assumeUnique", false)), only(bool("invert", false))] as const;

/** PyTorch has no default for it: the first choice must be written, too. */
const required = <P extends { readonly isRequired: boolean }>(param: P) =>
  ({ ...param, isRequired: true, fallback: undefined }) as Omit<P, "isRequired"> & {
    readonly isRequired: true;
  };

const scatterReductions = required(choice("reduce", ["sum", "prod", "mean", "amax", "amin"]));
const indexReductions = required(choice("reduce", ["prod", "mean", "amax", "amin"]));

export const indexed = family({
  gather: op(on([x, dim, index, only(bool("sparseGrad", false))], indexing.gather)),
  indexSelect: op(on([x, dim, index], indexing.indexSelect)),
  take: op(on([x, index], indexing.take)),
  takeAlongDim: op(on([x, tensor("indices"), int("dim", null)], indexing.takeAlongDim)),
  scatter: alsoInPlace(
    on([x, dim, index, operand("src"), reduce], scatters.scatter),
    on([x, dim, index, operand("value"), reduce], scatters.scatter),
  ),
  scatterAdd: alsoInPlace(on([x, dim, index, src], scatters.scatterAdd)),
  scatterReduce: alsoInPlace(
    on(
      [x, dim, index, src, scatterReductions, includeSelf],
      (x, dim, index, src, reduce, include) =>
        scatters.scatterReduce({ x, dim, index }, src, { reduce, includeSelf: include }),
    ),
  ),
  indexAdd: alsoInPlace(
    on([x, dim, index, source, only(scalar("alpha", 1))], (x, dim, index, source, alpha) =>
      scatters.indexAdd({ x, dim, index }, source, alpha),
    ),
  ),
  indexCopy: alsoInPlace(on([x, dim, index, source], scatters.indexCopy)),
  indexFill: alsoInPlace(on([x, dim, index, operand("value")], scatters.indexFill)),
  indexReduce: alsoInPlace(
    on(
      [x, dim, index, source, indexReductions, includeSelf],
      (x, dim, index, source, reduce, include) =>
        scatters.indexReduce({ x, dim, index }, source, { reduce, includeSelf: include }),
    ),
  ),
  put: alsoInPlace(on([x, index, source, accumulate], scatters.put)),
  maskedScatter: alsoInPlace(on([x, tensor("mask"), source], maskedScatter)),
  nonzeroStatic: op(
    on([x, only(required(int("size"))), only(int("fillValue", -1))], nonzeroStatic),
  ),
});

export const searches = family({
  searchsorted: functionOnly(
    on(
      [
        tensor("sortedSequence"),
        operand("input"),
        outInt32,
        right,
        only(maybeChoice("side", ["left", "right"])),
        only(tensor("sorter", null)),
      ],
      (sorted, values, outInt32, right, side, sorter) =>
        searching.searchsorted(sorted, values, { outInt32, right, side, sorter }),
    ),
  ),
  bucketize: functionOnly(
    on(
      [operand("input"), tensor("boundaries"), outInt32, right],
      (values, boundaries, out, isRight) =>
        searching.bucketize(values, boundaries, { outInt32: out, right: isRight }),
    ),
  ),
  isin: functionOnly(
    on([operand("elements"), operand("testElements"), ...invert], (elements, tests, _, inverted) =>
      searching.isin(elements, tests, inverted),
    ),
  ),
});
