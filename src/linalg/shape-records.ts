// Records of linear algebra that only look at, or lay out, elements.

import { int, only, tensor } from "../base/parameters.ts";
import * as geometry from "../functions/geometry.ts";
import { linalgVander } from "../functions/grids.ts";
import * as shapes from "../functions/shapes.ts";
import { family, functionOnly, on, viewOn } from "../tensor/records/record.ts";

export const linalgShapeRecords = family({
  diagonal: functionOnly(
    viewOn(
      [tensor("A"), only(int("offset", 0)), only(int("dim1", -2)), only(int("dim2", -1))],
      geometry.diagonal,
      shapes.diagonal,
    ),
  ),
  vander: functionOnly(on([tensor("x"), only(int("N", null))], linalgVander)),
});
