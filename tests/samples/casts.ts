// Samples of conversions between dtypes. A narrower float has a derivative, but none that differences
// of float64 could check: the tests of dtypes look at those.

import type { casts } from "../../src/tensor/records/casts.ts";
import { type Samples, sample } from "./samples.ts";

const toInteger = "gives integers or bools, which have no derivative";
const toNarrow = "rounds to fewer digits than differences of float64 need";

export const castSamples: Samples<typeof casts> = {
  to: sample((x) => x.to("float64", { copy: true }), [-2, 2]),
  type: sample((x) => x.type("float64"), [-2, 2]),
  typeAs: sample((x, y) => x.typeAs(y), [-2, 2], [-2, 2]),
  double: sample((x) => x.double(), [-2, 2]),
  float: toNarrow,
  half: toNarrow,
  bfloat16: toNarrow,
  byte: toInteger,
  char: toInteger,
  short: toInteger,
  int: toInteger,
  long: toInteger,
  bool: toInteger,
};
