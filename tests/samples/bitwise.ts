// Samples of what works on bits.

import type { bitwiseRecords } from "../../src/tensor/records/bitwise.ts";
import type { Samples } from "./samples.ts";

const ofBits = "takes and gives integers and bools, which have no derivative";

export const bitwiseSamples: Samples<typeof bitwiseRecords> = {
  bitwiseAnd: ofBits,
  bitwiseOr: ofBits,
  bitwiseXor: ofBits,
  bitwiseLeftShift: ofBits,
  bitwiseRightShift: ofBits,
  bitwiseNot: ofBits,
};
