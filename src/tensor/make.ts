// Tensors of values.

import { contiguousView } from "../base/views.ts";
import type { Value } from "../graph/tape.ts";
import { Storage } from "../storage.ts";
import { Tensor } from "./tensor.ts";

/** A tensor with a storage of its own. */
export const makeTensor = ({ node, edge }: Value): Tensor =>
  new Tensor(new Storage(node), contiguousView(node.shape), edge);
