// A million rows of 64 numbers, read from a table and added into one at random rows. Least traffic:
// the rows read and written once, and the indices.

import type { Tensor } from "../../src/index.ts";
import type { Outputs, Shardgrad, TimedWorkload, Trial } from "../contract.ts";
import { uniform } from "../seeded.ts";
import { ourTrial } from "../trials/ours-trial.ts";
import { errorOf } from "../verify.ts";

const ROWS = 1 << 20;
const COLUMNS = 64;
const ELEMENTS = ROWS * COLUMNS;
const SAMPLED_ROWS = 1021;
/** Indices are stored in 32 bits. */
const BYTES = 2 * 4 * ELEMENTS + 4 * ROWS;

const inputs = (sg: Shardgrad) => () => ({
  x: sg.randn([ROWS, COLUMNS]),
  index: sg.randint(0, ROWS, [ROWS]),
});

function rowError(outputs: Outputs, expected: (row: number, column: number) => number): number {
  const { y } = outputs;
  if (y?.length !== ELEMENTS) return Number.POSITIVE_INFINITY;
  const random = uniform(5);
  let worst = 0;
  for (let sample = 0; sample < SAMPLED_ROWS; sample += 1) {
    const row = Math.floor(random() * ROWS);
    for (let column = 0; column < COLUMNS; column += 1) {
      worst = Math.max(worst, errorOf(y[row * COLUMNS + column], expected(row, column)));
    }
  }
  return worst;
}

function gatherError(outputs: Outputs): number {
  const { x, index } = outputs;
  return rowError(outputs, (row, column) => {
    const from = index?.[row] ?? Number.NaN;
    return x?.[from * COLUMNS + column] ?? Number.NaN;
  });
}

function scatterError(outputs: Outputs): number {
  const { x, index } = outputs;
  const from = new Map<number, number[]>();
  for (let row = 0; row < ROWS; row += 1) {
    const to = index?.[row] ?? Number.NaN;
    const known = from.get(to);
    if (known) known.push(row);
    else from.set(to, [row]);
  }
  return rowError(outputs, (row, column) =>
    (from.get(row) ?? []).reduce(
      (sum, source) => sum + (x?.[source * COLUMNS + column] ?? Number.NaN),
      0,
    ),
  );
}

const gathering = (sg: Shardgrad): Trial =>
  ourTrial({
    inputs: inputs(sg),
    build: ({ x, index }) => ({ y: (x as Tensor).indexSelect(0, index as Tensor) }),
  });

const scattering = (sg: Shardgrad): Trial =>
  ourTrial({
    inputs: inputs(sg),
    build: ({ x, index }) => ({
      y: sg.zeros([ROWS, COLUMNS]).indexAdd(0, index as Tensor, x as Tensor),
    }),
  });

export const gatherRows1M: TimedWorkload = {
  kind: "timed",
  name: "gatherRows1M",
  about: "1 M rows × 64 read at random from a table of 1 M",
  bytes: BYTES,
  limit: "copy",
  tolerance: 1e-6,
  ours: gathering,
  worstError: gatherError,
};

export const scatterRows1M: TimedWorkload = {
  kind: "timed",
  name: "scatterRows1M",
  about: "1 M rows × 64 added into a table of 1 M at random",
  bytes: BYTES,
  limit: "copy",
  tolerance: 1e-4,
  ours: scattering,
  worstError: scatterError,
};
