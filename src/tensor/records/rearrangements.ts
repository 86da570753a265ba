// Records of copies that lay elements out anew.

import { bool, int, ints, only, scalar, shape, sizes, tensor } from "../../base/parameters.ts";
import { clone } from "../../functions/casts.ts";
import * as creation from "../../functions/creation.ts";
import * as diagonals from "../../functions/diagonals.ts";
import { vander } from "../../functions/grids.ts";
import * as rearrangements from "../../functions/rearrangements.ts";
import { flip, fliplr, flipud } from "../../functions/shapes.ts";
import { afterReading, alsoInPlace, family, functionOnly, methodOnly, on, op } from "./record.ts";
import { repeatedPositions, repeatInterleave } from "./repeats.ts";

const x = tensor("input");
const diagonal = int("diagonal", 0);
const offset = int("offset", 0);
const repeatDim = int("dim", null);
const outputSize = only(int("outputSize", null));

const byNumbers = on([x, ints("repeats"), repeatDim, outputSize], repeatInterleave);
const ofNumbers = on([shape("repeats"), outputSize], repeatedPositions);

export const rearrangementRecords = family({
  clone: op(on([x], clone)),
  flip: op(on([x, sizes("dims")], flip)),
  fliplr: op(on([x], fliplr)),
  flipud: op(on([x], flipud)),
  repeat: methodOnly(on([x, sizes("repeats")], rearrangements.repeat)),
  tile: op(on([x, sizes("dims")], rearrangements.tile)),
  repeatInterleave: op(
    byNumbers,
    afterReading([x, tensor("repeats"), repeatDim, outputSize], 1, byNumbers),
    afterReading([tensor("repeats"), outputSize], 0, ofNumbers),
  ),
  roll: op(on([x, ints("shifts"), ints("dims", [])], rearrangements.roll)),
  rot90: op(on([x, int("k", 1), shape("dims", [0, 1])], rearrangements.rot90)),
  constantPadNd: functionOnly(
    on([x, shape("pad"), scalar("value", 0)], rearrangements.constantPadNd),
  ),
  kron: op(on([x, tensor("other")], rearrangements.kron)),
  vander: functionOnly(on([tensor("x"), int("N", null), bool("increasing", false)], vander)),
  tril: alsoInPlace(on([x, diagonal], creation.tril)),
  triu: alsoInPlace(on([x, diagonal], creation.triu)),
  diag: op(on([x, diagonal], diagonals.diag)),
  diagflat: op(on([x, offset], diagonals.diagflat)),
  diagEmbed: op(on([x, offset, int("dim1", -2), int("dim2", -1)], diagonals.diagEmbed)),
  trace: op(on([x], diagonals.trace)),
});
