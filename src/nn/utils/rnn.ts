// Sequences of different lengths: padded to one length, or packed without padding. Lengths are read at
// once: they decide shapes.

import type { Arguments } from "../../base/arguments.ts";
import { fail } from "../../base/errors.ts";
import {
  anything,
  bool,
  choice,
  int,
  scalar,
  tensor as tensorParam,
  tensors,
} from "../../base/parameters.ts";
import { scalarValue } from "../../base/scalars.ts";
import { declare } from "../../base/signature.ts";
import { NamedResult } from "../../tensor/dispatch.ts";
import { tensor } from "../../tensor/from-data.ts";
import { cat, full } from "../../tensor/functions.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { bound } from "../arguments.ts";
import { spreadOut } from "../packed-rows.ts";

/** Numbers, or a vector of them that is already computed. */
export type Lengths = readonly number[] | Tensor;

function numbersOf(op: string, lengths: unknown): number[] {
  if (lengths instanceof Tensor) {
    if (lengths.ndim !== 1) fail(op, "lengths must be one-dimensional");
    return Array.from(lengths.dataSync() as ArrayLike<number | bigint>, Number);
  }
  if (Array.isArray(lengths) && lengths.every((one) => Number.isInteger(one))) return [...lengths];
  fail(op, "lengths must be a list of integers, or a tensor of them");
}

const integers = (values: readonly number[]): Tensor => tensor([...values], { dtype: "int64" });

/** order[at] is where `permutation` says `at` is. */
function inverse(permutation: readonly number[]): number[] {
  const found = new Array<number>(permutation.length);
  permutation.forEach((to, at) => {
    found[to] = at;
  });
  return found;
}

const inverting = declare([tensorParam("permutation", null)]);

export function invertPermutation(permutation: Tensor | null): Tensor | null {
  const [given] = bound("invertPermutation", inverting, [permutation]);
  return given && integers(inverse(numbersOf("invertPermutation", given)));
}

/** How many sequences are at least so long, for each time. */
const sizesOf = (lengths: readonly number[]): number[] =>
  Array.from(
    { length: Math.max(0, ...lengths) },
    (_, time) => lengths.filter((length) => length > time).length,
  );

interface Packed {
  readonly data: Tensor;
  readonly sizes: readonly number[];
  /** The place of each of the sorted sequences among those given; null where they were in order. */
  readonly order: readonly number[] | null;
}

/** Time after time, the elements of all sequences that are so long; the longest sequence first. */
export class PackedSequence {
  readonly data: Tensor;
  readonly batchSizes: Tensor;
  readonly sortedIndices: Tensor | null;
  readonly unsortedIndices: Tensor | null;

  constructor(
    data: Tensor,
    batchSizes: Lengths,
    sortedIndices: Tensor | null = null,
    unsortedIndices: Tensor | null = null,
  ) {
    this.data = data;
    this.batchSizes = batchSizes instanceof Tensor ? batchSizes : integers(batchSizes);
    this.unsortedIndices = unsortedIndices ?? invertPermutation(sortedIndices);
    this.sortedIndices = sortedIndices;
  }

  /** How many sequences are that long, for each time. */
  get sizes(): number[] {
    return numbersOf("PackedSequence", this.batchSizes);
  }

  /** Another content of the same lengths. */
  with(data: Tensor): PackedSequence {
    const { batchSizes, sortedIndices, unsortedIndices } = this;
    return new PackedSequence(data, batchSizes, sortedIndices, unsortedIndices);
  }

  *[Symbol.iterator](): Iterator<Tensor | null> {
    yield this.data;
    yield this.batchSizes;
    yield this.sortedIndices;
    yield this.unsortedIndices;
  }
}

function packed({ data, sizes, order }: Packed): PackedSequence {
  if (!order) return new PackedSequence(data, sizes);
  return new PackedSequence(data, sizes, integers(order), integers(inverse(order)));
}

const packing = declare([
  tensorParam("input"),
  anything("lengths"),
  bool("batchFirst", false),
  bool("enforceSorted", true),
]);

function requireLengths(op: string, lengths: readonly number[], batch: number, steps: number) {
  if (lengths.length !== batch) {
    fail(
      op,
      `Expected \`len(lengths)\` to be equal to batch_size, but got ${lengths.length} ` +
        `(batch_size=${batch})`,
    );
  }
  if (lengths.some((length) => length <= 0)) {
    fail(
      op,
      "Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0",
    );
  }
  const longest = Math.max(...lengths);
  if (longest > steps) fail(op, `a length of ${longest} is more than the ${steps} that are there`);
}

/** [times, batch, …], or the batch first, without its padding. */
export function packPaddedSequence(
  input: Tensor,
  lengths: Lengths,
  batchFirst?: boolean | { batchFirst?: boolean; enforceSorted?: boolean },
  enforceSorted?: boolean,
): PackedSequence;
export function packPaddedSequence(...args: unknown[]): PackedSequence {
  const op = "packPaddedSequence";
  const [input, given, batchFirst, enforceSorted] = bound(op, packing, args);
  if (input.ndim < 2) fail(op, "input must have at least 2 dimensions");
  const [steps, batch] = (batchFirst ? [1, 0] : [0, 1]).map((axis) => input.shape[axis]) as [
    number,
    number,
  ];
  if (input.numel() === 0) fail(op, "Cannot pack empty tensors.");
  const lengths = numbersOf(op, given);
  requireLengths(op, lengths, batch, steps);
  const order = lengths.map((_, at) => at);
  if (!enforceSorted) order.sort((a, b) => (lengths[b] as number) - (lengths[a] as number));
  else if (lengths.some((length, at) => at > 0 && length > (lengths[at - 1] as number))) {
    fail(
      op,
      "`lengths` array must be sorted in decreasing order when `enforceSorted` is true. " +
        "Pass enforceSorted: false to pack sequences in any order.",
    );
  }
  const sizes = sizesOf(lengths);
  const rows = sizes.flatMap((size, time) =>
    order.slice(0, size).map((at) => (batchFirst ? at * steps + time : time * batch + at)),
  );
  const data = input.flatten(0, 1).indexSelect(0, integers(rows));
  return packed({ data, sizes, order: enforceSorted ? null : order });
}

const padding = declare([
  anything("sequence"),
  bool("batchFirst", false),
  scalar("paddingValue", 0),
  int("totalLength", null),
]);

/** Padded sequences, and how long each is. */
export interface Padded extends Iterable<Tensor> {
  readonly output: Tensor;
  readonly lengths: Tensor;
}

/** What packPaddedSequence was given, with padding of one value. */
export function padPackedSequence(
  sequence: PackedSequence,
  ...rest: Padding<[totalLength?: number | null]>
): Padded;
export function padPackedSequence(...args: unknown[]): Padded {
  const op = "padPackedSequence";
  const [sequence, batchFirst, paddingValue, totalLength] = bound(op, padding, args);
  if (!(sequence instanceof PackedSequence)) fail(op, "wants a PackedSequence");
  const { data, sizes, unsortedIndices } = sequence;
  const steps = totalLength ?? sizes.length;
  if (steps < sizes.length) {
    fail(
      op,
      "Expected totalLength to be at least the length of the longest sequence in input, but got " +
        `totalLength=${steps} and max sequence length being ${sizes.length}`,
    );
  }
  const order = unsortedIndices && numbersOf(op, unsortedIndices);
  const value = scalarValue(paddingValue);
  const output = spreadOut({ data, sizes }, { steps, value, order });
  const sorted = lengthsOf(sizes);
  const lengths = order ? order.map((at) => sorted[at] as number) : sorted;
  return new NamedResult([
    ["output", batchFirst ? output.transpose(0, 1) : output],
    ["lengths", integers(lengths)],
  ]) as unknown as Padded;
}

type Padding<Rest extends readonly unknown[]> =
  | [batchFirst?: boolean, paddingValue?: number, ...rest: Rest]
  | [options: { batchFirst?: boolean; paddingValue?: number; totalLength?: number | null }];

/** Of the longest sequence first. */
const lengthsOf = (sizes: readonly number[]): number[] =>
  Array.from({ length: sizes[0] ?? 0 }, (_, at) => sizes.filter((size) => size > at).length);

const padded = declare([
  tensors("sequences"),
  bool("batchFirst", false),
  scalar("paddingValue", 0),
  choice("paddingSide", ["right", "left"]),
]);

/** Sequences [length, …] beside each other, with padding of one value. */
export function padSequence(...args: Arguments<typeof padded, Tensor>): Tensor {
  const op = "padSequence";
  const [sequences, batchFirst, paddingValue, paddingSide] = bound(op, padded, args);
  const [first] = sequences;
  if (!first) fail(op, "received an empty list of sequences");
  if (sequences.some(({ ndim }) => ndim === 0)) fail(op, "sequences have at least one dimension");
  const lengths = sequences.map(({ shape }) => shape[0] as number);
  const steps = Math.max(...lengths);
  const rest = first.shape.slice(1);
  const value = scalarValue(paddingValue);
  const all = sequences.map((sequence, at) => {
    const missing = steps - (lengths[at] as number);
    if (missing === 0) return sequence;
    const filling = full([missing, ...rest], value, { dtype: first.dtype });
    return cat(paddingSide === "right" ? [sequence, filling] : [filling, sequence]);
  });
  return stackAlong(all, batchFirst ? 0 : 1);
}

const stackAlong = (all: readonly Tensor[], axis: number): Tensor =>
  cat(
    all.map((one) => one.unsqueeze(axis)),
    axis,
  );

const unpadding = declare([
  tensorParam("paddedSequences"),
  anything("lengths"),
  bool("batchFirst", false),
]);

/** The sequences that padSequence was given. */
export function unpadSequence(
  paddedSequences: Tensor,
  lengths: Lengths,
  batchFirst?: boolean | { batchFirst?: boolean },
): Tensor[];
export function unpadSequence(...args: unknown[]): Tensor[] {
  const op = "unpadSequence";
  const [given, lengths, batchFirst] = bound(op, unpadding, args);
  return numbersOf(op, lengths).map((length, at) =>
    given.select(batchFirst ? 0 : 1, at).narrow(0, 0, length),
  );
}

const several = declare([tensors("sequences"), bool("enforceSorted", true)]);

/** Sequences [length, …] packed. */
export function packSequence(...args: Arguments<typeof several, Tensor>): PackedSequence {
  const [sequences, enforceSorted] = bound("packSequence", several, args);
  const lengths = sequences.map(({ shape }) => shape[0] as number);
  return packPaddedSequence(padSequence(sequences), lengths, false, enforceSorted);
}

/** The sequences that packSequence was given. */
export function unpackSequence(sequence: PackedSequence): Tensor[] {
  const { output, lengths } = padPackedSequence(sequence);
  return unpadSequence(output, lengths);
}
