// ONNX Runtime Web on its Wasm backend. It runs finished models only: forward workloads.

import wasm from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import * as ort from "onnxruntime-web/wasm";
import type { Ort } from "../contract.ts";

export async function loadOrt(workers: number): Promise<Ort> {
  ort.env.wasm.numThreads = workers;
  ort.env.wasm.wasmPaths = { wasm };
  return ort;
}
