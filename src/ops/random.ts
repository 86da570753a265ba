// Random numbers: element i of draw `counter` under a seed depends on these alone, so the bits are the
// same for every split of the work. The words are parameters of a program, never its structure.

import { type DType, dtypes } from "../base/dtypes.ts";
import type { LaneBody, LaneType } from "../base/lanes.ts";
import { type Lane, type LaneWriter, traceLanes } from "../base/trace-lanes.ts";
import { iotaNode, pointwiseNode, scalarNode } from "../graph/build.ts";
import { isCapturing, liveScalarNode } from "../graph/live.ts";
import type { Node } from "../graph/node.ts";
import { constantValue, type Value } from "../graph/tape.ts";
import { log } from "./approximations/logarithm.ts";
import {
  normalPair,
  philox,
  philoxOfBlock,
  uniform,
  uniformDouble,
  type Words,
} from "./approximations/philox.ts";
import { cos } from "./approximations/trigonometric.ts";

/** Where random numbers come from: three int32 words. No two draws of a seed share a counter. */
export interface Draw {
  readonly seed0: number;
  readonly seed1: number;
  readonly counter: number;
  /** Told of the numbers' node: by it the generator knows which draws a request has met. */
  node?: Node;
}

/** Numbers are drawn in these two; the halves are cast from float32. */
export type Wide = "float32" | "float64";

const distributions = {
  /** Uniform on [0, 1): 24 bits in f32, 53 in f64. */
  rand: (k, words, lane) =>
    lane === "f64" ? uniformDouble(k, words[0], words[1]) : uniform(k, words[0]),
  /** Uniform on [0, 1) in as many bits as the halves hold, so that none is rounded to 1. */
  rand11: (k, words) => steps(k, words[0], 11),
  rand8: (k, words) => steps(k, words[0], 8),
  /** Uniform on (0, 1): the middles of 2^23 or 2^52 steps, which are exact. */
  open: (k, words, lane) =>
    lane === "f64" ? openDouble(k, words) : k.add(steps(k, words[0], 23), 2 ** -24),
  /** Standard normal, by Box and Muller. */
  randn: (k, words, lane) =>
    lane === "f64" ? normalDouble(k, words) : normalPair(k, words[0], words[1])[0],
  /** 32 random bits. */
  bits: (_, words) => words[0],
} satisfies Record<string, (k: LaneWriter, words: Words, lane: LaneType) => Lane>;

type Distribution = keyof typeof distributions;

const steps = (k: LaneWriter, bits: Lane, digits: number): Lane =>
  k.mul(k.convert(k.shrU(bits, 32 - digits), "f32"), 2 ** -digits);

function openDouble(k: LaneWriter, [high, low]: Words): Lane {
  const [upper, lower] = [k.shrU(high, 6), k.shrU(low, 6)].map((bits) => k.convert(bits, "f64"));
  return k.mul(k.add(k.add(k.mul(upper as Lane, 2 ** 26), lower as Lane), 0.5), 2 ** -52);
}

function normalDouble(k: LaneWriter, [a, b, c, d]: Words): Lane {
  const distance = k.sub(1, uniformDouble(k, a, b)); // (0, 1]
  const angle = k.mul(k.sub(uniformDouble(k, c, d), 0.5), 2 * Math.PI);
  return k.mul(k.sqrt(k.mul(log(k, distance), -2)), cos(k, angle));
}

const bodies = new Map<string, LaneBody>();

function bodyOf(name: string, trace: () => LaneBody): LaneBody {
  const body = bodies.get(name) ?? trace();
  bodies.set(name, body);
  return body;
}

/** Keeps the words from being 0, ±1 or 2, which as constants would be structure. */
const scramble = 0x5bd1e995;

/** The words as scalars: of a step that is captured, what they are at each replay. */
function parametersOf(draw: Draw): Node[] {
  const words = ["seed0", "seed1", "counter"] as const;
  if (!isCapturing()) return words.map((word) => scalarNode("int32", draw[word] ^ scramble));
  return words.map((word) => liveScalarNode("int32", () => draw[word] ^ scramble));
}

function numbers(name: Distribution, dtype: DType, size: number, draw: Draw): Value {
  const { lane } = dtypes[dtype];
  const body = bodyOf(`${name} ${lane}`, () =>
    traceLanes(["i32", "i32", "i32", "i32"], (k, index, seed0, seed1, counter) =>
      distributions[name](k, philox(k, index, seed0, seed1, counter), lane),
    ),
  );
  const inputs = [iotaNode(size), ...parametersOf(draw)];
  const node = pointwiseNode({ name, dtype, inputs, body });
  draw.node = node;
  return constantValue(node);
}

/** `size` numbers, uniform on [0, 1). */
export const rand = (dtype: Wide, size: number, draw: Draw): Value =>
  numbers("rand", dtype, size, draw);

/** `size` float32 numbers, uniform on [0, 1), which a float16 or bfloat16 holds. */
export const randHalf = (dtype: "float16" | "bfloat16", size: number, draw: Draw): Value =>
  numbers(dtype === "float16" ? "rand11" : "rand8", "float32", size, draw);

/** `size` numbers, uniform on (0, 1), without the ends. */
export const randOpen = (dtype: Wide, size: number, draw: Draw): Value =>
  numbers("open", dtype, size, draw);

/** `size` numbers, standard normal. */
export const randn = (dtype: Wide, size: number, draw: Draw): Value =>
  numbers("randn", dtype, size, draw);

/** `size` times 32 random bits. */
export const randomBits = (size: number, draw: Draw): Value => numbers("bits", "int32", size, draw);

/** Each half of a position is moved this many times. */
const moves = 4;

/**
 * 0 … rows·columns - 1, each once, in an order of the draw's. A position is (row, column); in turn one
 * of them is moved, modulo its size, by a random function of the other (a Feistel network), so that every
 * step can be taken back and no two positions meet.
 */
export function shuffled(rows: number, columns: number, draw: Draw): Value {
  const body = bodyOf("shuffled", () =>
    traceLanes(Array<LaneType>(6).fill("i32"), (k, index, rows, columns, ...words) =>
      shufflePosition(k, index, [rows as Lane, columns as Lane], words),
    ),
  );
  const sizes = [rows, columns].map((size) => scalarNode("int32", size));
  const inputs = [iotaNode(rows * columns), ...sizes, ...parametersOf(draw)];
  const node = pointwiseNode({ name: "shuffled", dtype: "int32", inputs, body });
  draw.node = node;
  return constantValue(node);
}

function shufflePosition(
  k: LaneWriter,
  index: Lane,
  [rows, columns]: readonly [Lane, Lane],
  [seed0, seed1, counter]: readonly Lane[],
): Lane {
  const zero = k.const("i32", 0);
  /** `place` + a number below `size` that depends on `other`, modulo `size`. */
  const moved = (place: Lane, size: Lane, other: Lane, turn: number): Lane => {
    const block: Words = [other, k.const("i32", turn + 1), counter as Lane, zero];
    const [word] = philoxOfBlock(k, block, [seed0 as Lane, seed1 as Lane]);
    const sum = k.add(place, k.mulhi(word, size));
    return k.select(k.lt(sum, size), sum, k.sub(sum, size));
  };
  // Exact: positions are far below 2^53.
  let row = k.convert(k.div(k.convert(index, "f64"), k.convert(columns, "f64")), "i32");
  let column = k.sub(index, k.mul(row, columns));
  for (let turn = 0; turn < 2 * moves; turn += 2) {
    row = moved(row, rows, column, turn);
    column = moved(column, columns, row, turn + 1);
  }
  return k.add(k.mul(row, columns), column);
}
