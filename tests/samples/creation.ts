// What makes tensors from nothing has no derivative.

import type { signalWindowRecords } from "../../src/signal/records.ts";
import type { creationRecords } from "../../src/tensor/records/creation.ts";
import type { windowRecords } from "../../src/tensor/records/windows.ts";
import type { Samples } from "./samples.ts";

const leaf = "a new leaf";
const alike = "only the shape and the dtype of the input are seen";
const read = "PyTorch reads a tensor that is an end as a number";

export const creation: Samples<typeof creationRecords> = {
  zeros: leaf,
  ones: leaf,
  empty: leaf,
  zerosLike: alike,
  onesLike: alike,
  emptyLike: alike,
  newZeros: alike,
  newOnes: alike,
  newEmpty: alike,
  full: leaf,
  fullLike: alike,
  newFull: alike,
  newTensor: alike,
  scalarTensor: leaf,
  arange: leaf,
  linspace: read,
  logspace: read,
  eye: leaf,
};

export const windows: Samples<typeof windowRecords> = {
  bartlettWindow: leaf,
  blackmanWindow: leaf,
  hammingWindow: leaf,
  hannWindow: leaf,
  kaiserWindow: leaf,
};

export const signalWindows: Samples<typeof signalWindowRecords> = {
  bartlett: leaf,
  blackman: leaf,
  cosine: leaf,
  exponential: leaf,
  gaussian: leaf,
  generalCosine: leaf,
  generalHamming: leaf,
  hamming: leaf,
  hann: leaf,
  kaiser: leaf,
  nuttall: leaf,
};
