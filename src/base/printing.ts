// Writes tensor values as PyTorch prints them, to the letter.
//
//   tensor([[ 1.5000,     nan],        every cell padded to the widest nonzero finite value
//           [    inf, -2.0000]], …)    suffixes follow, on a new line where the width runs out
//
// In: shape, dtype and row-major logical values. Out: one string. Only `setPrintOptions` has state.

import { fail, invariant } from "./errors.ts";
import { bool, maybeChoice, number } from "./parameters.ts";
import { bind, declare } from "./signature.ts";

export interface PrintOptions {
  /** Decimals of a floating point cell. */
  precision: number;
  /** More elements than this are summarized with `...`. */
  threshold: number;
  /** Items kept at each end of a summarized dimension. */
  edgeitems: number;
  /** Columns of a line. */
  linewidth: number;
  /** true or false forces scientific notation on or off, null decides by the values. */
  sciMode: boolean | null;
}

export interface Printable {
  shape: readonly number[];
  dtype: string;
  /** Row-major logical values; bool as 0 and 1. */
  data: ArrayLike<number | bigint>;
  /** For example `requires_grad=True` or `grad_fn=<MulBackward0>`. */
  suffixes?: readonly string[];
}

export const defaultPrintOptions: PrintOptions = Object.freeze({
  precision: 4,
  threshold: 1000,
  edgeitems: 3,
  linewidth: 80,
  sciMode: null,
});

const profiles = {
  default: defaultPrintOptions,
  short: { ...defaultPrintOptions, precision: 2, edgeitems: 2 },
  full: { ...defaultPrintOptions, threshold: Infinity },
} as const satisfies Record<string, PrintOptions>;

let current = defaultPrintOptions;

const form = {
  params: declare([
    number("precision", null),
    number("threshold", null),
    number("edgeitems", null),
    number("linewidth", null),
    maybeChoice("profile", Object.keys(profiles)),
    bool("sciMode", null),
  ]),
};

/** As torch.set_printoptions: a profile first, then single options; an absent `sciMode` is null. */
export function setPrintOptions(
  options: Partial<PrintOptions> & { profile?: keyof typeof profiles },
): void;
export function setPrintOptions(
  precision?: number | null,
  threshold?: number | null,
  edgeitems?: number | null,
  linewidth?: number | null,
  profile?: keyof typeof profiles | null,
  sciMode?: boolean | null,
): void;
export function setPrintOptions(...args: unknown[]): void {
  const { values } = bind("setPrintOptions", [form], undefined, args);
  const [precision, threshold, edgeitems, linewidth, profile, sciMode] = values;
  const base = profile === null ? current : profiles[profile as keyof typeof profiles];
  const given = Object.entries({ precision, threshold, edgeitems, linewidth }).filter(
    ([, value]) => value !== null,
  );
  const options = { ...Object.fromEntries(given), sciMode } as Partial<PrintOptions>;
  current = merged("setPrintOptions", base, options);
}

/** What setPrintOptions said; a copy. */
export const getPrintOptions = (): PrintOptions => ({ ...current });

/** `tensor([1., 2.])`; `options` override, for this call, what setPrintOptions said. */
export function formatTensor(tensor: Printable, options: Partial<PrintOptions> = {}): string {
  const { shape, dtype, data, suffixes = [] } = tensor;
  const elements = shape.reduce((product, size) => product * size, 1);
  invariant(data.length === elements, `printing: [${shape}] wants ${elements}, got ${data.length}`);
  const chosen = merged("formatTensor", current, options);
  const notes = [...notesOf(shape, dtype, elements), ...suffixes];
  const body = elements === 0 ? "[]" : drawBody(tensor, elements, chosen);
  return withSuffixes(PREFIX + body, notes, chosen.linewidth);
}

const PREFIX = "tensor(";

/** No float64 has more decimals than this. */
const MAX_PRECISION = 1074;

function merged(op: string, base: PrintOptions, given: Partial<PrintOptions>): PrintOptions {
  const precision = given.precision ?? base.precision;
  const threshold = given.threshold ?? base.threshold;
  const edgeitems = given.edgeitems ?? base.edgeitems;
  const linewidth = given.linewidth ?? base.linewidth;
  const sciMode = given.sciMode === undefined ? base.sciMode : given.sciMode;
  if (!Number.isInteger(precision) || precision < 0 || precision > MAX_PRECISION) {
    fail(op, `precision must be an integer from 0 to ${MAX_PRECISION}, got ${precision}`);
  }
  if (!Number.isInteger(edgeitems) || edgeitems < 0) {
    fail(op, `edgeitems must be an integer from 0, got ${edgeitems}`);
  }
  if (Number.isNaN(threshold)) fail(op, "threshold must be a number of elements, got NaN");
  if (Number.isNaN(linewidth)) fail(op, "linewidth must be a number of columns, got NaN");
  return { precision, threshold, edgeitems, linewidth, sciMode };
}

/** float32, int64 and bool are what a reader infers from the cells; without cells, only float32. */
function notesOf(shape: readonly number[], dtype: string, elements: number): string[] {
  const isEmpty = elements === 0;
  const inferred = isEmpty ? ["float32"] : ["float32", "int64", "bool"];
  const notes: string[] = [];
  if (isEmpty && shape.length !== 1) notes.push(`size=(${shape.join(", ")})`);
  if (!inferred.includes(dtype)) notes.push(`dtype=torch.${dtype}`);
  return notes;
}

function withSuffixes(text: string, suffixes: readonly string[], linewidth: number): string {
  const indent = PREFIX.length;
  let result = text;
  // PyTorch's own count: two more than the columns of the last line.
  let column = text.length - text.lastIndexOf("\n") + 1;
  for (const suffix of suffixes) {
    if (column + suffix.length + 2 > linewidth) {
      result += `,\n${" ".repeat(indent)}${suffix}`;
      column = indent + suffix.length;
    } else {
      result += `, ${suffix}`;
      column += suffix.length + 2;
    }
  }
  return `${result})`;
}

// Drawing: nested brackets around cells.

type Element = number | bigint;

interface Cells {
  readonly width: number;
  write(value: Element): string;
}

interface Page {
  readonly shape: readonly number[];
  /** Elements from one index to the next, per dimension. */
  readonly strides: readonly number[];
  readonly data: ArrayLike<Element>;
  /** Items shown at each end of a dimension; Infinity shows all. */
  readonly edge: number;
  readonly linewidth: number;
}

function drawBody(tensor: Printable, elements: number, options: PrintOptions): string {
  const { shape, dtype, data } = tensor;
  const strides = shape.map((_, d) => shape.slice(d + 1).reduce((a, b) => a * b, 1));
  const edge = elements > options.threshold ? options.edgeitems : Infinity;
  const page: Page = { shape, strides, data, edge, linewidth: options.linewidth };
  const values: Element[] = [];
  collect(page, { dim: 0, offset: 0 }, values);
  return draw(page, cellsFor(dtype, values, options), { dim: 0, offset: 0 });
}

/** Where the walk stands: the next dimension to open, and the element its index 0 lies at. */
interface Place {
  readonly dim: number;
  readonly offset: number;
}

const inside = (page: Page, { dim, offset }: Place, index: number): Place => ({
  dim: dim + 1,
  offset: offset + index * (page.strides[dim] as number),
});

/** Stands for the indices left out of a summarized dimension. */
const GAP = -1;

function visible(page: Page, { dim }: Place): number[] {
  const size = page.shape[dim] as number;
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
  if (size <= 2 * page.edge) return range(0, size);
  return [...range(0, page.edge), GAP, ...range(size - page.edge, size)];
}

/** Pushes every value that will be drawn: these alone decide notation and width. */
function collect(page: Page, place: Place, values: Element[]): void {
  if (place.dim === page.shape.length) {
    values.push(page.data[place.offset] as Element);
    return;
  }
  for (const index of visible(page, place)) {
    if (index !== GAP) collect(page, inside(page, place, index), values);
  }
}

function draw(page: Page, cells: Cells, place: Place): string {
  const below = page.shape.length - place.dim;
  if (below === 0) return cells.write(page.data[place.offset] as Element);
  if (below === 1) return drawVector(page, cells, place);
  const slices = visible(page, place).map((index) =>
    index === GAP ? "..." : draw(page, cells, inside(page, place, index)),
  );
  const margin = " ".repeat(PREFIX.length + place.dim + 1);
  return `[${slices.join(`,${"\n".repeat(below - 1)}${margin}`)}]`;
}

function drawVector(page: Page, cells: Cells, place: Place): string {
  const gap = page.edge === 0 ? "..." : " ...";
  const items = visible(page, place).map((index) =>
    index === GAP ? gap : cells.write(page.data[place.offset + index] as Element),
  );
  const indent = PREFIX.length + place.dim;
  const perLine = Math.max(1, Math.floor((page.linewidth - indent) / (cells.width + 2)));
  const lines: string[] = [];
  for (let i = 0; i < items.length; i += perLine) {
    lines.push(items.slice(i, i + perLine).join(", "));
  }
  return `[${lines.join(`,\n${" ".repeat(indent + 1)}`)}]`;
}

// Cells: one notation and one width for all values of a tensor.

function cellsFor(dtype: string, values: readonly Element[], options: PrintOptions): Cells {
  if (dtype.includes("float")) return floatCells(values.map(Number), options);
  const write = dtype === "bool" ? (v: Element) => (Number(v) === 0 ? "False" : "True") : String;
  return padded(values.map(write), write);
}

/** Zeros, infinities and NaN follow the notation the other values choose, and widen nothing. */
function floatCells(values: readonly number[], options: PrintOptions): Cells {
  const telling = values.filter((x) => x !== 0 && Number.isFinite(x));
  const isWhole = telling.every(Number.isInteger);
  const isScientific = telling.length > 0 && (options.sciMode ?? spreadsWide(telling));
  const write = (value: Element): string => {
    const x = Number(value);
    if (!Number.isFinite(x)) return Number.isNaN(x) ? "nan" : x > 0 ? "inf" : "-inf";
    if (isScientific) return scientific(x, options.precision);
    return isWhole ? `${fixed(x, 0)}.` : fixed(x, options.precision);
  };
  return padded(telling.map(write), write);
}

/** max / min > 1000, or max > 1e8, or min < 1e-4, of the magnitudes. */
function spreadsWide(telling: readonly number[]): boolean {
  let min = Infinity;
  let max = 0;
  for (const x of telling) {
    min = Math.min(min, Math.abs(x));
    max = Math.max(max, Math.abs(x));
  }
  return max / min > 1000 || max > 1e8 || min < 1e-4;
}

function padded(samples: readonly string[], write: (value: Element) => string): Cells {
  const width = samples.reduce((widest, text) => Math.max(widest, text.length), 1);
  return { width, write: (value) => write(value).padStart(width) };
}

// Decimals, exact and with ties to even. Scar: toFixed and toExponential send ties upwards, so
// 0.03125 would print 0.0313 where PyTorch prints 0.0312 (test "rounds exact ties to even").

const minus = (x: number): string => (x < 0 || Object.is(x, -0) ? "-" : "");

/** The finite `x` with `places` decimals. */
function fixed(x: number, places: number): string {
  const digits = scaled(x, places)
    .toString()
    .padStart(places + 1, "0");
  const point = digits.length - places;
  return minus(x) + digits.slice(0, point) + (places > 0 ? `.${digits.slice(point)}` : "");
}

/** The finite `x` as d.dddde±dd with `places` decimals. */
function scientific(x: number, places: number): string {
  // Shortest digits may round up to the next power of ten, as may `scaled`: one correction at most.
  let exponent = Number(x.toExponential().split("e")[1]);
  let digits = scaled(x, places - exponent)
    .toString()
    .padEnd(x === 0 ? places + 1 : 0, "0");
  if (digits.length !== places + 1) {
    exponent += digits.length - (places + 1);
    digits = scaled(x, places - exponent).toString();
  }
  const fraction = places > 0 ? `.${digits.slice(1)}` : "";
  const power = Math.abs(exponent).toString().padStart(2, "0");
  return `${minus(x)}${digits[0]}${fraction}e${exponent < 0 ? "-" : "+"}${power}`;
}

const float64Bits = new DataView(new ArrayBuffer(8));

/** |x| · 10^places to the nearest integer, ties to even; x = mantissa · 2^exponent is exact. */
function scaled(x: number, places: number): bigint {
  float64Bits.setFloat64(0, Math.abs(x));
  const bits = float64Bits.getBigUint64(0);
  const field = Number(bits >> 52n);
  const fraction = bits & ((1n << 52n) - 1n);
  const mantissa = field === 0 ? fraction : fraction | (1n << 52n);
  const exponent = Math.max(field, 1) - 1075;
  const above = (base: bigint, power: number) => base ** BigInt(Math.max(power, 0));
  const numerator = mantissa * above(2n, exponent) * above(10n, places);
  const denominator = above(2n, -exponent) * above(10n, -places);
  const floor = numerator / denominator;
  const twiceRest = 2n * (numerator % denominator);
  const isUp = twiceRest > denominator || (twiceRest === denominator && floor % 2n === 1n);
  return isUp ? floor + 1n : floor;
}
