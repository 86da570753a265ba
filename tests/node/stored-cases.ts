// Stored tensors and outcomes for the tests of the conformance runner.

import type { StoredTensor } from "../conformance/corpus.ts";
import type { Outcome } from "../conformance/outcome.ts";

export function base64(elements: ArrayBufferView<ArrayBuffer>): string {
  return btoa(String.fromCharCode(...new Uint8Array(elements.buffer)));
}

export function float32(shape: number[], values: number[], more: Partial<StoredTensor> = {}) {
  return { shape, dtype: "float32", data: base64(Float32Array.from(values)), ...more };
}

export const int64 = (shape: number[], values: bigint[]): StoredTensor => ({
  shape,
  dtype: "int64",
  data: base64(BigInt64Array.from(values)),
});

export const tolerance = { atol: 1e-5, rtol: 1.3e-6 };

export const answer = (id: string, more: Partial<Outcome> = {}): Outcome => ({
  id,
  kind: "value",
  verdict: "passed",
  stage: "value",
  reason: "",
  isMismatch: false,
  notes: [],
  ...more,
});
