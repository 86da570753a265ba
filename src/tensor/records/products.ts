// Records of products of matrices and vectors.

import { int, lists, only, scalar, severalTensors, string, tensor } from "../../base/parameters.ts";
import type { Scalar } from "../../base/scalars.ts";
import * as sums from "../../functions/added-products.ts";
import { bilinear, einsum } from "../../functions/einsum.ts";
import { chainMatmul, matrixPower } from "../../functions/matrix-chains.ts";
import * as products from "../../functions/products.ts";
import type { Value } from "../../graph/tape.ts";
import { alsoInPlace, family, functionOnly, on, op, orSelf } from "./record.ts";

const x = tensor("input");
const [a, b] = [tensor("a"), tensor("b")];
const batches = [tensor("batch1"), tensor("batch2")] as const;
const weights = [only(scalar("beta", 1)), only(scalar("alpha", 1))] as const;

type Added = (x: Value, a: Value, b: Value, weights: sums.Weights) => Value;

const weighted =
  (run: Added) =>
  (x: Value, a: Value, b: Value, beta: Scalar, alpha: Scalar): Value =>
    run(x, a, b, { beta, alpha });

export const productRecords = family({
  matmul: op(on([x, tensor("other")], (x, y) => products.matmul(x, y))),
  mm: op(on([x, tensor("mat2")], products.mm)),
  bmm: op(on([x, tensor("mat2")], products.bmm)),
  mv: op(on([x, tensor("vec")], products.mv)),
  dot: op(on([x, tensor("tensor")], products.dot)),
  vdot: op(on([x, tensor("other")], products.vdot)),
  outer: op(on([x, tensor("vec2")], (x, y) => products.outer("outer", x, y))),
  ger: op(on([x, tensor("vec2")], (x, y) => products.outer("ger", x, y))),
  inner: op(on([x, tensor("other")], products.innerProduct)),
  tensordot: functionOnly(
    on([a, b, int("dims", 2)], (a, b, dims) => products.tensordot("tensordot", a, b, dims)),
    on([a, b, lists("dims")], (a, b, dims) => products.tensordot("tensordot", a, b, dims)),
  ),
  einsum: functionOnly(on([string("equation"), severalTensors("operands")], einsum)),
  chainMatmul: functionOnly(orSelf([severalTensors("matrices")], chainMatmul)),
  matrixPower: op(on([x, int("n")], (x, n) => matrixPower("matrixPower", x, n))),
  addmm: alsoInPlace(on([x, tensor("mat1"), tensor("mat2"), ...weights], weighted(sums.addmm))),
  addmv: alsoInPlace(on([x, tensor("mat"), tensor("vec"), ...weights], weighted(sums.addmv))),
  addr: alsoInPlace(on([x, tensor("vec1"), tensor("vec2"), ...weights], weighted(sums.addr))),
  addbmm: alsoInPlace(on([x, ...batches, ...weights], weighted(sums.addbmm))),
  baddbmm: alsoInPlace(on([x, ...batches, ...weights], weighted(sums.baddbmm))),
  bilinear: functionOnly(
    on([tensor("input1"), tensor("input2"), tensor("weight"), tensor("bias", null)], bilinear),
  ),
});
