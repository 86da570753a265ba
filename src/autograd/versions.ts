// A value that a derivative reads must be the one that was recorded: changed in place, it is an error
// that names the entry. Which values are read is only asked where a version differs.

import type { DType } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { showShape } from "../base/shapes.ts";
import type { Entry, Saved } from "../graph/tape.ts";

const typeNames: Record<DType, string> = {
  float32: "FloatTensor",
  float64: "DoubleTensor",
  int32: "IntTensor",
  int64: "LongTensor",
  int16: "ShortTensor",
  int8: "CharTensor",
  uint8: "ByteTensor",
  float16: "HalfTensor",
  bfloat16: "BFloat16Tensor",
  bool: "BoolTensor",
};

export function checkVersions(entry: Entry): void {
  for (let at = 0; at < entry.saved.length; at++) {
    const saved = entry.saved[at] as Saved;
    if (saved.of.version === saved.version) continue;
    if (entry.needs(saved.input)) refuseChanged(entry, saved);
  }
}

function refuseChanged(entry: Entry, { of, version, input }: Saved): never {
  const looks = entry.describe(input);
  const made = input < 0 ? { entry, output: 0 } : entry.next[input];
  const what = looks ? `torch.${typeNames[looks.dtype]} ${showShape(looks.shape)}` : "a tensor";
  const isLeaf = !made || made.entry.next.length === 0;
  const origin = isLeaf ? "" : `, which is output ${made.output} of ${made.entry.name},`;
  fail(
    "backward",
    `one of the variables needed for gradient computation has been modified by an inplace ` +
      `operation: [${what}]${origin} is at version ${of.version}; expected version ${version} ` +
      `instead. It is needed by ${entry.name}: clone() it before changing it, or change it out of place.`,
  );
}
