// contract: rows with rows, the one primitive behind every product of matrices, in any transposition, and
// behind convolution. A primitive, because as a product and a sum it would write all the products.
//
//   out[n, i, j] = Σ_k a[n, i, k]·b[n, j, k]

import { invariant } from "../base/errors.ts";
import { showShape } from "../base/shapes.ts";
import { contractNode } from "../graph/build.ts";
import type { Value } from "../graph/tape.ts";
import { permute } from "./linear.ts";
import { apply, type Primitive } from "./primitive.ts";

const turned = (x: Value): Value => permute(x, [0, 2, 1]);

/** dA = g·B, dB = gᵀ·A; here both by rows. */
export const contractPrimitive: Primitive<null> = {
  name: "contract",
  build: ([a, b]) => {
    const [n, , depth] = a.shape;
    const fits = a.shape.length === 3 && b.shape.length === 3 && a.dtype === b.dtype;
    invariant(
      fits && b.shape[0] === n && b.shape[2] === depth,
      `contract of ${showShape(a.shape)} ${a.dtype} and ${showShape(b.shape)} ${b.dtype}`,
    );
    return contractNode(a, b);
  },
  vjp: (g, [a, b]) => [a.edge && contract(g, turned(b)), b.edge && contract(turned(g), turned(a))],
};

/** a [n, i, k] and b [n, j, k], float32, float64, int32 or int64 → [n, i, j]. */
export const contract = (a: Value, b: Value): Value => apply(contractPrimitive, [a, b], null);
