// Causal attention, forward and backward for a given cotangent g: T 4096, 8 heads of 64, batch 1. Flops are
// those of the lower triangle: 2 products forward, 5 backward.
//
//   p = softmax(q·kᵀ / √64),  y = p·v      dv = pᵀ·g
//   ds = p·(g·vᵀ − g·y)                    dq = ds·k / √64,  dk = dsᵀ·q / √64

import type { Tensor } from "../../src/index.ts";
import type { Outputs, TimedWorkload } from "../contract.ts";
import { normal } from "../seeded.ts";
import { ourGradients } from "../trials/ours-trial.ts";
import { errorOf } from "../verify.ts";
import { programDetails } from "./training.ts";

const TIME = 4096;
const HEADS = 8;
const HEAD = 64;
const SHAPE = [1, HEADS, TIME, HEAD];
const SCALE = 1 / Math.sqrt(HEAD);
/** Whole rows of y and dq, and of dk and dv among the last keys, which few queries see. */
const SAMPLED_ROWS = [0, 1, 63, 64, 1000, 2500, TIME - 1];
const SAMPLED_KEYS = [TIME - 200, TIME - 65, TIME - 1];
const FLOOR = 0.1;

const elements = (seed: number) => normal(seed, HEADS * TIME * HEAD);

type Head = Record<"q" | "k" | "v" | "g", ArrayLike<number>>;

function dot(x: ArrayLike<number>, i: number, y: ArrayLike<number>, j: number): number {
  let total = 0;
  for (let d = 0; d < HEAD; d += 1) total += Number(x[i * HEAD + d]) * Number(y[j * HEAD + d]);
  return total;
}

/** p and ds of one query, over the keys it sees. */
function row({ q, k, v, g }: Head, query: number): { p: number[]; ds: number[] } {
  const keys = Array.from({ length: query + 1 }, (_, key) => key);
  const scores = keys.map((key) => dot(q, query, k, key) * SCALE);
  const most = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - most));
  const sum = powers.reduce((total, power) => total + power);
  const p = powers.map((power) => power / sum);
  const slopes = keys.map((key) => dot(g, query, v, key));
  const along = p.reduce((total, weight, at) => total + weight * Number(slopes[at]), 0);
  return { p, ds: p.map((weight, at) => weight * (Number(slopes[at]) - along)) };
}

/** Σ weights[i]·x[first + i, :]. */
function mixed(weights: number[], x: ArrayLike<number>, first: number, scale = 1): number[] {
  return Array.from({ length: HEAD }, (_, d) =>
    weights.reduce(
      (sum, weight, at) => sum + scale * weight * Number(x[(first + at) * HEAD + d]),
      0,
    ),
  );
}

function rowError(actual: ArrayLike<number>, at: number, expected: number[]): number {
  return Math.max(...expected.map((value, d) => errorOf(actual[at * HEAD + d], value, FLOOR)));
}

function sampledError(
  head: Head,
  results: Record<"y" | "dq" | "dk" | "dv", ArrayLike<number>>,
): number {
  const errors = SAMPLED_ROWS.flatMap((query) => {
    const { p, ds } = row(head, query);
    return [
      rowError(results.y, query, mixed(p, head.v, 0)),
      rowError(results.dq, query, mixed(ds, head.k, 0, SCALE)),
    ];
  });
  for (const key of SAMPLED_KEYS) {
    const seeing = Array.from({ length: TIME - key }, (_, at) => row(head, key + at));
    const [weights, slopes] = [
      seeing.map(({ p }) => Number(p[key])),
      seeing.map(({ ds }) => Number(ds[key])),
    ];
    errors.push(rowError(results.dv, key, mixed(weights, head.g, key)));
    errors.push(rowError(results.dk, key, mixed(slopes, head.q, key, SCALE)));
  }
  return Math.max(...errors);
}

/** y is linear in v, scores in q and in k alike: ⟨dv, v⟩ = ⟨y, g⟩ and ⟨dq, q⟩ = ⟨dk, k⟩, over all rows. */
function propertyError({ q, k, v, g, y, dq, dk, dv }: Outputs): number {
  const along = (x: ArrayLike<number> = [], z: ArrayLike<number> = []) => {
    let [total, squares] = [0, 0];
    for (let at = 0; at < x.length; at += 1) {
      const term = Number(x[at]) * Number(z[at]);
      total += term;
      squares += term * term;
    }
    return [total, Math.sqrt(squares)] as const;
  };
  const pairs = [
    [along(dv, v), along(y, g)],
    [along(dq, q), along(dk, k)],
  ] as const;
  return Math.max(...pairs.map(([[x, size], [z]]) => Math.abs(x - z) / size));
}

function worstError(outputs: Outputs): number {
  const names = ["q", "k", "v", "g", "y", "dq", "dk", "dv"] as const;
  const isWhole = names.every((name) => outputs[name]?.length === HEADS * TIME * HEAD);
  if (!isWhole) return Number.POSITIVE_INFINITY;
  const errors = [0, HEADS - 1].map((head) => {
    const size = TIME * HEAD;
    const own = Object.fromEntries(
      names.map((name) => [
        name,
        Float64Array.from({ length: size }, (_, at) => Number(outputs[name]?.[head * size + at])),
      ]),
    ) as Record<(typeof names)[number], Float64Array>;
    return sampledError(own, own);
  });
  const worst = Math.max(propertyError(outputs), ...errors);
  return Number.isNaN(worst) ? Number.POSITIVE_INFINITY : worst;
}

const flops = 7 * 2 * HEADS * HEAD * ((TIME * (TIME + 1)) / 2);

export const attention4096: TimedWorkload = {
  kind: "timed",
  name: "attention4096",
  about: "causal attention forward and backward: T 4096, 8 heads of 64, batch 1",
  flops,
  limitFlops: flops,
  tolerance: 1e-3,
  ours(sg) {
    const given = (seed: number): Tensor => sg.tensor(elements(seed)).reshape(SHAPE);
    const trial = ourGradients(sg, {
      inputs: () => ({ q: given(91), k: given(92), v: given(93) }),
      cotangent: () => given(94),
      build: ({ q, k, v }) =>
        sg.nn.functional.scaledDotProductAttention(q as Tensor, k as Tensor, v as Tensor, {
          isCausal: true,
        }),
    });
    return { ...trial, details: () => programDetails(sg) };
  },
  worstError,
};
