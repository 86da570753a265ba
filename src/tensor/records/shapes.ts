// Records of views.

import {
  int,
  ints,
  maybeChoice,
  only,
  severalTensors,
  shape,
  sizes,
  tensor,
} from "../../base/parameters.ts";
import { contiguousView } from "../../base/views.ts";
import * as geometry from "../../functions/geometry.ts";
import * as grids from "../../functions/grids.ts";
import { narrowAt } from "../../functions/rearrangements.ts";
import * as shapes from "../../functions/shapes.ts";
import type { Value } from "../../graph/tape.ts";
import {
  alsoInPlace,
  family,
  functionOnly,
  maybeSelf,
  methodOnly,
  on,
  op,
  viewOn,
  viewsOn,
} from "./record.ts";

const x = tensor("input");
const dim = int("dim");

/** A reshape that strides cannot say. */
const copied = (x: Value, sizes: readonly number[]): Value => {
  const shape = geometry.inferredShape("reshape", x.node.size, sizes);
  return shapes.viewAs(x, contiguousView(shape), "UnsafeViewBackward0");
};

const copiedFlat = (x: Value): Value => copied(x, [-1]);

/** One tensor, or several. */
const atLeast = (rank: 1 | 2 | 3) =>
  functionOnly(
    maybeSelf(
      viewOn(
        [x],
        (view) => geometry.atLeast(view, rank),
        (x) => shapes.atLeast(x, rank),
      ),
    ),
    maybeSelf(
      viewsOn(
        [severalTensors("tensors")],
        (views) => views.map((view) => geometry.atLeast(view, rank)),
        (values) => values.map((x) => shapes.atLeast(x, rank)),
      ),
    ),
  );

export const views = family({
  permute: op(viewOn([x, sizes("dims")], geometry.permute, shapes.permute)),
  transpose: alsoInPlace(
    viewOn([x, int("dim0"), int("dim1")], geometry.transpose, shapes.transpose),
  ),
  swapaxes: alsoInPlace(
    viewOn([x, int("axis0"), int("axis1")], geometry.transpose, shapes.transpose),
  ),
  swapdims: alsoInPlace(
    viewOn([x, int("dim0"), int("dim1")], geometry.transpose, shapes.transpose),
  ),
  adjoint: op(viewOn([x], geometry.adjoint, shapes.adjoint)),
  t: alsoInPlace(viewOn([x], geometry.t, shapes.t)),
  expand: methodOnly(viewOn([x, sizes("size")], geometry.expand, shapes.expand)),
  broadcastTo: op(viewOn([x, shape("size")], geometry.expand, shapes.expand)),
  broadcastTensors: functionOnly(
    viewsOn([severalTensors("tensors")], grids.broadcastWindows, grids.broadcastTensors),
  ),
  meshgrid: functionOnly(
    viewsOn(
      [severalTensors("tensors"), only(maybeChoice("indexing", ["ij", "xy"]))],
      grids.meshgridWindows,
      grids.meshgrid,
    ),
  ),
  atleast1d: atLeast(1),
  atleast2d: atLeast(2),
  atleast3d: atLeast(3),
  narrow: op(
    viewOn([x, dim, int("start"), int("length")], geometry.narrow, shapes.narrow),
    on([x, dim, tensor("start"), int("length")], narrowAt),
  ),
  select: op(viewOn([x, dim, int("index")], geometry.select, shapes.select)),
  squeeze: alsoInPlace(
    viewOn([x], geometry.squeeze, shapes.squeeze),
    viewOn([x, dim], geometry.squeeze, shapes.squeeze),
    viewOn([x, shape("dim")], geometry.squeeze, shapes.squeeze),
  ),
  unsqueeze: alsoInPlace(viewOn([x, dim], geometry.unsqueeze, shapes.unsqueeze)),
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
  ravel: op(viewOn([x], geometry.ravel, shapes.ravel, copiedFlat)),
  unflatten: op(viewOn([x, dim, shape("sizes")], geometry.unflatten, shapes.unflatten)),
  movedim: op(viewOn([x, ints("source"), ints("destination")], geometry.movedim, shapes.movedim)),
  moveaxis: op(viewOn([x, ints("source"), ints("destination")], geometry.movedim, shapes.movedim)),
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
});
