// A writer of small Wasm modules: one imported shared memory, functions of i32 parameters.
// It shares no line with the library's assembler, so an error there cannot move the limits too.

export const I32 = 0x7f;
export const F32 = 0x7d;
export const V128 = 0x7b;
const EMPTY_BLOCK = 0x40;

export interface WasmFunction {
  name: string;
  parameters: number;
  result: typeof F32 | null;
  i32Locals: number;
  v128Locals: number;
  body: number[];
}

export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

export function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    const done = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
    bytes.push(done ? low : low | 0x80);
    if (done) return bytes;
  }
}

function float32(value: number): number[] {
  return [...new Uint8Array(new Float32Array([value]).buffer)];
}

const simd = (code: number): number[] => [0xfd, ...unsigned(code)];
const address = (offset: number): number[] => [4, ...unsigned(offset)];

/** Instructions by the names of the specification, with dots as underscores. */
export const wasm = {
  local_get: (index: number) => [0x20, ...unsigned(index)],
  local_set: (index: number) => [0x21, ...unsigned(index)],
  local_tee: (index: number) => [0x22, ...unsigned(index)],
  i32_const: (value: number) => [0x41, ...signed(value)],
  f32_const: (value: number) => [0x43, ...float32(value)],
  i32_add: () => [0x6a],
  i32_sub: () => [0x6b],
  i32_lt_u: () => [0x49],
  v128_load: (offset: number) => [...simd(0x00), ...address(offset)],
  v128_store: (offset: number) => [...simd(0x0b), ...address(offset)],
  f32x4_splat: () => simd(0x13),
  f32x4_extract_lane: (lane: number) => [...simd(0x1f), lane],
  f32x4_add: () => simd(0xe4),
  f32x4_mul: () => simd(0xe6),
  f32x4_relaxed_madd: () => simd(0x105),
  /** do { body } while (condition): the body leaves the condition on the stack. */
  loop: (body: number[]) => [0x03, EMPTY_BLOCK, ...body, 0x0d, 0x00, 0x0b],
};

const text = (name: string): number[] => {
  const bytes = [...new TextEncoder().encode(name)];
  return [...unsigned(bytes.length), ...bytes];
};
const vector = (items: number[][]): number[] => [...unsigned(items.length), ...items.flat()];
const section = (id: number, content: number[]): number[] => [
  id,
  ...unsigned(content.length),
  ...content,
];

function type({ parameters, result }: WasmFunction): number[] {
  const inputs = Array.from({ length: parameters }, () => [I32]);
  return [0x60, ...vector(inputs), ...vector(result === null ? [] : [[result]])];
}

function code({ i32Locals, v128Locals, body }: WasmFunction): number[] {
  const locals = [
    [...unsigned(i32Locals), I32],
    [...unsigned(v128Locals), V128],
  ];
  const content = [...vector(locals), ...body, 0x0b];
  return [...unsigned(content.length), ...content];
}

/** Imports `env.memory`, shared, of exactly `pages` pages of 64 kB. */
export function moduleBytes(functions: WasmFunction[], pages: number): Uint8Array<ArrayBuffer> {
  const memory = [...text("env"), ...text("memory"), 0x02, 0x03];
  return new Uint8Array([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, vector(functions.map(type))),
    ...section(2, vector([[...memory, ...unsigned(pages), ...unsigned(pages)]])),
    ...section(3, vector(functions.map((_, index) => unsigned(index)))),
    ...section(7, vector(functions.map(({ name }, i) => [...text(name), 0x00, ...unsigned(i)]))),
    ...section(10, vector(functions.map(code))),
  ]);
}
