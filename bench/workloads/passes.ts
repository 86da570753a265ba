// One pass over 4096 × 4096 numbers each: a transposed operand, and sums over either axis.

import type { Tensor } from "../../src/index.ts";
import type { Outputs, Shardgrad, TimedWorkload, Trial } from "../contract.ts";
import { ourTrial } from "../trials/ours-trial.ts";
import { errorOf, worstOf } from "../verify.ts";

const SIDE = 4096;
const ELEMENTS = SIDE * SIDE;
const SAMPLED_SUMS = 13;
/** Per summed element: sums that nearly cancel are judged against what went into them. */
const SUM_FLOOR = 0.01 * SIDE;

const ours =
  (build: (x: Tensor, y: Tensor) => Tensor, isPair: boolean) =>
  (sg: Shardgrad): Trial =>
    ourTrial({
      inputs: () => ({
        x: sg.randn([SIDE, SIDE]),
        ...(isPair && { y: sg.randn([SIDE, SIDE]) }),
      }),
      build: ({ x, y }) => ({ z: build(x as Tensor, y as Tensor) }),
    });

const turnedError = ({ x, y, z }: Outputs): number =>
  worstOf(
    z,
    ELEMENTS,
    (at) => (x?.[(at % SIDE) * SIDE + Math.floor(at / SIDE)] ?? Number.NaN) + (y?.[at] ?? 0),
    { stride: 31 },
  );

function sumsError({ x, z }: Outputs, step: number, stride: number): number {
  let worst = z?.length === SIDE ? 0 : Number.POSITIVE_INFINITY;
  for (let sample = 0; sample < SAMPLED_SUMS; sample += 1) {
    const at = Math.floor((sample * SIDE) / SAMPLED_SUMS);
    let total = 0;
    for (let i = 0; i < SIDE; i += 1) total += x?.[at * step + i * stride] ?? Number.NaN;
    worst = Math.max(worst, errorOf(z?.[at], total, SUM_FLOOR));
  }
  return worst;
}

const sums = (name: string, about: string, dim: 0 | 1): TimedWorkload => ({
  kind: "timed",
  name,
  about,
  bytes: 4 * (ELEMENTS + SIDE),
  limit: "read",
  tolerance: 1e-4,
  ours: ours((x) => x.sum(dim), false),
  worstError: (outputs) => (dim === 1 ? sumsError(outputs, SIDE, 1) : sumsError(outputs, 1, SIDE)),
});

export const passes: TimedWorkload[] = [
  {
    kind: "timed",
    name: "turned16M",
    about: "x.T + y on 4096 × 4096",
    bytes: 3 * 4 * ELEMENTS,
    limit: "copy",
    tolerance: 1e-5,
    ours: ours((x, y) => x.T.add(y), true),
    worstError: turnedError,
  },
  sums("sumRows16M", "sums of the rows of 4096 × 4096", 1),
  sums("sumColumns16M", "sums of the columns of 4096 × 4096", 0),
];
