// The throw-away kernels that measure what the machine allows. Each works on one small tile per
// call: V8 never replaces running code, so only functions called often reach the optimised tier.
//
//   fma(n)          n × ROUND vector FMAs in registers           → a lane, so that none is dropped
//   mulAdd(n)       the same by a multiplication and an addition, for hosts without FMA
//   fill(a, bytes)  a = 1                                        copy(to, from, bytes)   to = from
//   read(a, bytes)  the sum of a's lanes                         inPlace(a, b, bytes)    a = a/2 + b

import { F32, moduleBytes, type WasmFunction, wasm } from "./bytes.ts";

const VECTOR_BYTES = 16;
const UNROLL = 8;
const ACCUMULATORS = 12;
const ROUND = ACCUMULATORS * 4;
const FLOPS_PER_VECTOR = 8;
export const flopsPerIteration = ROUND * FLOPS_PER_VECTOR;

export interface Kernels {
  fma(iterations: number): number;
  mulAdd(iterations: number): number;
  fill(a: number, bytes: number): void;
  copy(to: number, from: number, bytes: number): void;
  read(a: number, bytes: number): number;
  inPlace(a: number, b: number, bytes: number): void;
}

const range = (length: number): number[] => Array.from({ length }, (_, index) => index);
const splat = (value: number, local: number): number[] => [
  ...wasm.f32_const(value),
  ...wasm.f32x4_splat(),
  ...wasm.local_set(local),
];

function sumOfLocals(locals: number[]): number[] {
  const [first, ...others] = locals.map((local) => wasm.local_get(local));
  return [
    ...(first ?? []),
    ...others.flatMap((local) => [...local, ...wasm.f32x4_add()]),
    ...wasm.f32x4_extract_lane(0),
  ];
}

/** x · y + z of three locals. */
type MultiplyAdd = (x: number, y: number, z: number) => number[];

const byFma: MultiplyAdd = (x, y, z) => [
  ...wasm.local_get(x),
  ...wasm.local_get(y),
  ...wasm.local_get(z),
  ...wasm.f32x4_relaxed_madd(),
];
const byMulAndAdd: MultiplyAdd = (x, y, z) => [
  ...[...wasm.local_get(x), ...wasm.local_get(y), ...wasm.f32x4_mul()],
  ...[...wasm.local_get(z), ...wasm.f32x4_add()],
];

function inRegisters(name: "fma" | "mulAdd", multiplyAdd: MultiplyAdd): WasmFunction {
  const iterations = 0;
  const [factor, addend] = [1, 2];
  const accumulators = range(ACCUMULATORS).map((index) => index + 3);
  const step = (accumulator: number): number[] => [
    ...multiplyAdd(accumulator, factor, addend),
    ...wasm.local_set(accumulator),
  ];
  const body = [
    ...splat(0.5, factor),
    ...splat(1, addend),
    ...accumulators.flatMap((local, index) => splat(index, local)),
    ...wasm.loop([
      ...range(ROUND).flatMap((index) => step((index % ACCUMULATORS) + 3)),
      ...wasm.local_get(iterations),
      ...wasm.i32_const(1),
      ...wasm.i32_sub(),
      ...wasm.local_tee(iterations),
    ]),
    ...sumOfLocals(accumulators),
  ];
  const v128Locals = ACCUMULATORS + 2;
  return { name, parameters: 1, result: F32, i32Locals: 0, v128Locals, body };
}

/** for (; p0 < end; every pointer += UNROLL vectors) body at UNROLL offsets. */
function overTile(pointers: number[], body: (offset: number, index: number) => number[]): number[] {
  const bytes = pointers.length;
  const end = bytes + 1;
  const advance = (pointer: number): number[] => [
    ...wasm.local_get(pointer),
    ...wasm.i32_const(UNROLL * VECTOR_BYTES),
    ...wasm.i32_add(),
    ...wasm.local_set(pointer),
  ];
  return [
    ...[...wasm.local_get(0), ...wasm.local_get(bytes), ...wasm.i32_add(), ...wasm.local_set(end)],
    ...wasm.loop([
      ...range(UNROLL).flatMap((index) => body(index * VECTOR_BYTES, index)),
      ...pointers.flatMap(advance),
      ...[...wasm.local_get(0), ...wasm.local_get(end), ...wasm.i32_lt_u()],
    ]),
  ];
}

function fill(): WasmFunction {
  const one = 3;
  const store = (offset: number): number[] => [
    ...wasm.local_get(0),
    ...wasm.local_get(one),
    ...wasm.v128_store(offset),
  ];
  const body = [...splat(1, one), ...overTile([0], store)];
  return { name: "fill", parameters: 2, result: null, i32Locals: 1, v128Locals: 1, body };
}

function copy(): WasmFunction {
  const body = overTile([0, 1], (offset) => [
    ...wasm.local_get(0),
    ...wasm.local_get(1),
    ...wasm.v128_load(offset),
    ...wasm.v128_store(offset),
  ]);
  return { name: "copy", parameters: 3, result: null, i32Locals: 1, v128Locals: 0, body };
}

function read(): WasmFunction {
  const sums = range(UNROLL).map((index) => index + 3);
  const add = (offset: number, index: number): number[] => [
    ...wasm.local_get(index + 3),
    ...wasm.local_get(0),
    ...wasm.v128_load(offset),
    ...wasm.f32x4_add(),
    ...wasm.local_set(index + 3),
  ];
  const body = [...overTile([0], add), ...sumOfLocals(sums)];
  return { name: "read", parameters: 2, result: F32, i32Locals: 1, v128Locals: UNROLL, body };
}

function inPlace(): WasmFunction {
  const half = 4;
  const update = (offset: number): number[] => [
    ...wasm.local_get(0),
    ...[...wasm.local_get(0), ...wasm.v128_load(offset)],
    ...[...wasm.local_get(half), ...wasm.f32x4_mul()],
    ...[...wasm.local_get(1), ...wasm.v128_load(offset), ...wasm.f32x4_add()],
    ...wasm.v128_store(offset),
  ];
  const body = [...splat(0.5, half), ...overTile([0, 1], update)];
  return { name: "inPlace", parameters: 3, result: null, i32Locals: 1, v128Locals: 1, body };
}

export function compileKernels(pages: number): WebAssembly.Module {
  const arithmetic = [inRegisters("fma", byFma), inRegisters("mulAdd", byMulAndAdd)];
  const memory = [fill(), copy(), read(), inPlace()];
  return new WebAssembly.Module(moduleBytes([...arithmetic, ...memory], pages));
}
