// How often a value changes while its kernel runs: never, from row to row, or from vector to vector.

import type { KernelValue, Stream } from "../kernel.ts";

export type Level = "function" | "row" | "vector";

interface Walked {
  readonly streams: readonly Stream[];
  readonly values: readonly KernelValue[];
}

type Walk = Pick<Stream, "strides" | "steps">;

interface Loop {
  /** Several rows are at hand at a time, and what differs by row differs. */
  readonly isTiled?: boolean;
  /** Folds are finished row by row. */
  readonly isFoldedByRow?: boolean;
}

/** One level a value. */
export function levelsOf(
  { streams, values }: Walked,
  { isTiled = false, isFoldedByRow = false }: Loop = {},
): Level[] {
  const levels: Level[] = [];
  const ofWalk = ({ strides, steps }: Walk): Level =>
    steps || isTiled || (strides.at(-1) ?? 0) !== 0 ? "vector" : "row";
  const levelOf = (value: KernelValue): Level => {
    if (value.kind === "scalar" || value.kind === "constant") return "function";
    if (value.kind === "index") return ofWalk(value);
    if (value.kind === "load") return ofWalk(streams[value.stream] as Stream);
    if (value.kind === "gather") {
      const isByRow = levels[value.index] !== "vector";
      return isByRow ? ofWalk(streams[value.stream] as Stream) : "vector";
    }
    if (value.kind === "reduced") return isFoldedByRow ? "row" : "vector";
    if (value.kind !== "apply") return "vector";
    const args = value.args.map((arg) => levels[arg]);
    if (args.includes("vector")) return "vector";
    return args.includes("row") ? "row" : "function";
  };
  for (const value of values) levels.push(levelOf(value));
  return levels;
}
