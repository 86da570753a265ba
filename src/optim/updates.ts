// The updates that optimizers are written with. Each is one lane body, so one node a result: a step over
// a large model costs the main thread little, and all results of one parameter are computed in one pass
// over it, its gradient and its state.

import type { Lane, LaneWriter } from "../base/trace-lanes.ts";
import type { Value } from "../graph/tape.ts";
import { neg } from "../ops/arithmetic.ts";
import { type PointwiseOp, pointwise } from "../ops/pointwise.ts";
import { type Amount, numberNow, spread } from "./amounts.ts";

/** An update by its lane body: of values, then of amounts. Nothing of it is put on the Tape. */
export function update(
  name: string,
  lanes: (k: LaneWriter, ...inputs: Lane[]) => Lane,
): (values: readonly [Value, ...Value[]], ...amounts: Amount[]) => Value {
  const op: PointwiseOp = pointwise({ name, lanes, vjp: "none" });
  return (values, ...amounts) => {
    const operands = amounts.map((amount) => spread(amount, values[0]));
    return op(...values, ...operands);
  };
}

/** p - rate·d */
export const moved = update("descend", (k, p, d, rate) => k.sub(p, k.mul(d, rate)));

/** p - rate·d/divisor */
export const movedByQuotient = update("descend", (k, p, d, divisor, rate) =>
  k.sub(p, k.div(k.mul(d, rate), divisor)),
);

/** p·factor: weight decay that the gradient does not know of. */
export const scaled = update("decay", (k, p, factor) => k.mul(p, factor));

/** g + decay·p: the gradient with that of decay·‖p‖²/2. */
export const penalized = update("penalize", (k, g, p, decay) => k.add(g, k.mul(p, decay)));

/** What of a group's settings changes the gradient before an update sees it. */
interface Minimized {
  readonly maximize: boolean;
  readonly weightDecay: unknown;
  readonly decoupledWeightDecay?: boolean;
}

/** The gradient of what is minimized: turned to maximize, and with that of a decay that is not decoupled. */
export function minimizedGradient(
  [gradient, p]: readonly [Value, Value],
  { maximize, weightDecay, decoupledWeightDecay = false }: Minimized,
  decay: Amount,
): Value {
  const turned = maximize ? neg(gradient) : gradient;
  return weightDecay === 0 || decoupledWeightDecay ? turned : penalized([turned, p], decay);
}

/** kept·v + rest·g² */
export const averagedSquares = update("averageSquares", (k, v, g, kept, rest) =>
  k.add(k.mul(v, kept), k.mul(k.mul(g, rest), g)),
);

const nearStart = update("average", (k, x, end, weight) => k.add(x, k.mul(weight, k.sub(end, x))));
const nearEnd = update("average", (k, x, end, weight) =>
  k.sub(end, k.mul(k.sub(1, weight), k.sub(end, x))),
);

/** x + weight·(end - x), from the nearer end as PyTorch's lerp. */
export function approached(x: Value, end: Value, weight: Amount): Value {
  const isFar = Math.abs(numberNow(weight) ?? 0) >= 0.5;
  return isFar ? nearEnd([x, end], weight) : nearStart([x, end], weight);
}
