// Records of views, and of copies that rearrange elements.

import { int, ints, shape, sizes, tensor, tensors } from "../../base/parameters.ts";
import { contiguousView } from "../../base/views.ts";
import { clone } from "../../functions/casts.ts";
import * as creation from "../../functions/creation.ts";
import * as geometry from "../../functions/geometry.ts";
import * as indexing from "../../functions/indexing.ts";
import * as shapes from "../../functions/shapes.ts";
import type { Value } from "../../graph/tape.ts";
import { family, functionOnly, methodOnly, on, op, viewOn } from "./record.ts";
import { chunk, chunkWindows, split, splitWindows, unbind, unbindWindows } from "./splits.ts";

const x = tensor("input");
const dim = int("dim");
const firstDim = int("dim", 0);

/** A reshape that strides cannot say. */
const copied = (x: Value, sizes: readonly number[]): Value => {
  const shape = geometry.inferredShape("reshape", x.node.size, sizes);
  return shapes.viewAs(x, contiguousView(shape), "UnsafeViewBackward0");
};

export const views = family({
  permute: op(viewOn([x, sizes("dims")], geometry.permute, shapes.permute)),
  transpose: op(viewOn([x, int("dim0"), int("dim1")], geometry.transpose, shapes.transpose)),
  swapaxes: op(viewOn([x, int("axis0"), int("axis1")], geometry.transpose, shapes.transpose)),
  t: op(viewOn([x], geometry.t, shapes.t)),
  expand: methodOnly(viewOn([x, sizes("size")], geometry.expand, shapes.expand)),
  broadcastTo: op(viewOn([x, shape("size")], geometry.expand, shapes.expand)),
  narrow: op(viewOn([x, dim, int("start"), int("length")], geometry.narrow, shapes.narrow)),
  select: op(viewOn([x, dim, int("index")], geometry.select, shapes.select)),
  squeeze: op(viewOn([x, ints("dim", null)], geometry.squeeze, shapes.squeeze)),
  unsqueeze: op(viewOn([x, dim], geometry.unsqueeze, shapes.unsqueeze)),
  view: methodOnly(viewOn([x, sizes("size")], geometry.view, shapes.reshape)),
  viewAs: methodOnly(
    viewOn(
      [x, tensor("other")],
      (view, other) => geometry.view(view, other.node.shape),
      (x, other) => shapes.reshape(x, other.node.shape),
    ),
  ),
  expandAs: methodOnly(
    viewOn(
      [x, tensor("other")],
      (view, other) => geometry.expand(view, other.node.shape),
      (x, other) => shapes.expand(x, other.node.shape),
    ),
  ),
  reshapeAs: methodOnly(
    viewOn(
      [x, tensor("other")],
      (view, other) => geometry.reshape(view, other.node.shape),
      (x, other) => shapes.reshape(x, other.node.shape),
      (x, other) => copied(x, other.node.shape),
    ),
  ),
  reshape: op(viewOn([x, sizes("shape")], geometry.reshape, shapes.reshape, copied)),
  flatten: op(
    viewOn(
      [x, int("startDim", 0), int("endDim", -1)],
      geometry.flatten,
      shapes.flatten,
      (x, start, end) => copied(x, geometry.flattenedShape(x.node.shape, start, end)),
    ),
  ),
  unflatten: op(viewOn([x, dim, shape("sizes")], geometry.unflatten, shapes.unflatten)),
  movedim: op(viewOn([x, ints("source"), ints("destination")], geometry.movedim, shapes.movedim)),
  diagonal: op(
    viewOn(
      [x, int("offset", 0), int("dim1", 0), int("dim2", 1)],
      geometry.diagonal,
      shapes.diagonal,
    ),
  ),
  unfold: methodOnly(
    viewOn([x, int("dimension"), int("size"), int("step")], geometry.unfold, shapes.unfold),
  ),
  unbind: op(viewOn([x, firstDim], unbindWindows, unbind)),
  split: op(viewOn([x, ints("splitSize"), firstDim], splitWindows, split)),
  chunk: op(viewOn([x, int("chunks"), firstDim], chunkWindows, chunk)),
});

export const rearrangements = family({
  clone: op(on([x], clone)),
  flip: op(on([x, sizes("dims")], shapes.flip)),
  repeat: methodOnly(on([x, sizes("repeats")], shapes.repeat)),
  tril: op(on([x, int("diagonal", 0)], creation.tril)),
  triu: op(on([x, int("diagonal", 0)], creation.triu)),
  cat: functionOnly(on([tensors("tensors"), firstDim], indexing.cat)),
  stack: functionOnly(on([tensors("tensors"), firstDim], indexing.stack)),
  gather: op(on([x, dim, tensor("index")], indexing.gather)),
  indexSelect: op(on([x, dim, tensor("index")], indexing.indexSelect)),
});
