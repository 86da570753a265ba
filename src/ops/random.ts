// Random numbers: element i of draw `counter` under a seed depends on these alone, so the bits are the
// same for every split of the work. The words are parameters of a program, never its structure.

import { type DType, dtypes } from "../base/dtypes.ts";
import type { LaneBody, LaneType } from "../base/lanes.ts";
import { type Lane, type LaneWriter, traceLanes } from "../base/trace-lanes.ts";
import { iotaNode, pointwiseNode, scalarNode } from "../graph/build.ts";
import { constantValue, type Value } from "../graph/tape.ts";
import { log } from "./approximations/logarithm.ts";
import { normalPair, philox, uniform, uniformDouble, type Words } from "./approximations/philox.ts";
import { cos } from "./approximations/trigonometric.ts";

/** Where random numbers come from: three int32 words. No two draws of a seed share a counter. */
export interface Draw {
  readonly seed0: number;
  readonly seed1: number;
  readonly counter: number;
}

const distributions = {
  /** Uniform on [0, 1). */
  rand: (k, words, lane) =>
    lane === "f64" ? uniformDouble(k, words[0], words[1]) : uniform(k, words[0]),
  /** Standard normal, by Box and Muller. */
  randn: (k, words, lane) =>
    lane === "f64" ? normalDouble(k, words) : normalPair(k, words[0], words[1])[0],
  /** 32 random bits. */
  bits: (_, words) => words[0],
} satisfies Record<string, (k: LaneWriter, words: Words, lane: LaneType) => Lane>;

type Distribution = keyof typeof distributions;

function normalDouble(k: LaneWriter, [a, b, c, d]: Words): Lane {
  const distance = k.sub(1, uniformDouble(k, a, b)); // (0, 1]
  const angle = k.mul(k.sub(uniformDouble(k, c, d), 0.5), 2 * Math.PI);
  return k.mul(k.sqrt(k.mul(log(k, distance), -2)), cos(k, angle));
}

const bodies = new Map<string, LaneBody>();

/** Keeps the words from being 0, ±1 or 2, which as constants would be structure. */
const scramble = 0x5bd1e995;

function draw(name: Distribution, dtype: DType, size: number, words: Draw): Value {
  const { lane } = dtypes[dtype];
  let body = bodies.get(`${name} ${lane}`);
  if (!body) {
    body = traceLanes(["i32", "i32", "i32", "i32"], (k, index, seed0, seed1, counter) =>
      distributions[name](k, philox(k, index, seed0, seed1, counter), lane),
    );
    bodies.set(`${name} ${lane}`, body);
  }
  const scalars = [words.seed0, words.seed1, words.counter].map((word) =>
    scalarNode("int32", word ^ scramble),
  );
  const inputs = [iotaNode(size), ...scalars];
  return constantValue(pointwiseNode({ name, dtype, inputs, body, spelled: "" }));
}

/** `size` numbers, uniform on [0, 1). */
export const rand = (dtype: "float32" | "float64", size: number, words: Draw): Value =>
  draw("rand", dtype, size, words);

/** `size` numbers, standard normal. */
export const randn = (dtype: "float32" | "float64", size: number, words: Draw): Value =>
  draw("randn", dtype, size, words);

/** `size` times 32 random bits. */
export const randomBits = (size: number, words: Draw): Value => draw("bits", "int32", size, words);
