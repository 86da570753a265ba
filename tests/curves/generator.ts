// The integer generator all weights and data of the training curves come from, exact in any language.

/** s ← (1664525·s + 1013904223) mod 2³², yielding s / 2³². */
export function stream(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export interface Values {
  readonly shape: readonly number[];
  readonly values: Float64Array<ArrayBuffer> | Int32Array<ArrayBuffer>;
}

/** To be rounded once more, to the dtype of the run. */
export interface Floats extends Values {
  readonly values: Float64Array<ArrayBuffer>;
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((size, n) => size * n, 1);

export function filled(shape: readonly number[], valueAt: (at: number) => number): Floats {
  return { shape, values: Float64Array.from({ length: sizeOf(shape) }, (_, at) => valueAt(at)) };
}

/** float32((2u − 1)·a), row-major. */
export function uniform(shape: readonly number[], a: number, seed: number): Floats {
  const next = stream(seed);
  return filled(shape, () => Math.fround((2 * next() - 1) * a));
}

export const zeros = (...shape: number[]): Floats => filled(shape, () => 0);
export const ones = (...shape: number[]): Floats => filled(shape, () => 1);

export function classes(shape: readonly number[], classAt: (at: number) => number): Values {
  return { shape, values: Int32Array.from({ length: sizeOf(shape) }, (_, at) => classAt(at)) };
}

/** Of a matrix. */
export function transposed({ shape: [rows, columns], values }: Floats): Floats {
  const [from, to] = [columns as number, rows as number];
  return filled([from, to], (at) => values[(at % to) * from + Math.floor(at / to)] as number);
}
