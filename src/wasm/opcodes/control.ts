/** Control flow, parametric instructions and local variables. */
import { control as row } from "./row.ts";

export const control = {
  unreachable: row(0x00),
  block: row(0x02),
  loop: row(0x03),
  if: row(0x04),
  else: row(0x05),
  end: row(0x0b),
  br: row(0x0c),
  br_if: row(0x0d),
  return: row(0x0f),
  call: row(0x10),
  drop: row(0x1a),
  select: row(0x1b),
  local: {
    get: row(0x20),
    set: row(0x21),
    tee: row(0x22),
  },
};
