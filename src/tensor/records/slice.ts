// The form behind x.index(slice(…)), which sliceCopy and sliceScatter have too.

import { int, nullable, tensor } from "../../base/parameters.ts";
import * as geometry from "../../functions/geometry.ts";
import * as shapes from "../../functions/shapes.ts";
import { viewOn } from "./record.ts";

const end = nullable(int("end", null));

export const sliceForm = viewOn(
  [tensor("input"), int("dim", 0), int("start", null), end, int("step", 1)],
  geometry.slice,
  shapes.slice,
);
