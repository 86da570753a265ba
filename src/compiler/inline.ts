// Which values get a buffer. A value needed only inside its own loop lives in registers; one needed by a
// later pass over the same row is kept in the worker's scratch; one needed by another kernel is written
// to memory, unless computing it again there costs less than the round trip.

import { dtypes } from "../base/dtypes.ts";
import { scratchBytes, vectorSlack } from "../base/program.ts";
import { sizeOf } from "../base/shapes.ts";
import { type Access, composeAccess, isIdentity, isInjective, isPlain } from "./access.ts";
import { type Chain, isFinishedIn } from "./chain.ts";
import { wouldDivide } from "./flatten.ts";
import type { Group } from "./group.ts";
import { instructionsOf, isStep, type Operand, type Source, type Step } from "./step.ts";

/** Lane instructions that cost about as much as writing and reading a vector (32 bytes at 12 B/cycle). */
const cheapInstructions = 6;
/** Elements below which a buffer stays in the nearest cache, and the same code is worth more. */
const smallSize = 16384;

/** As above, where the round trip ends in the nearest cache. */
const cheapInRow = 3;

interface Use {
  readonly by: Step;
  readonly operand: Operand;
}

/** The steps that get a buffer of the program, and those kept in scratch, with the first byte there. */
export interface Held {
  readonly materialized: ReadonlySet<Step>;
  readonly kept: ReadonlyMap<Step, number>;
}

/** All other steps are computed where they are needed. */
export function heldSteps(
  steps: readonly Step[],
  groupOf: Map<Step, Group>,
  chainOf: ReadonlyMap<Group, Chain>,
): Held {
  const uses = usesOf(steps);
  const materialized = new Set<Step>();
  const rows = new Rows();
  const chainFor = (step: Step): Chain => chainOf.get(groupOf.get(step) as Group) as Chain;
  for (const step of steps) {
    if (step.kind === "place" || step.kind === "scatter") materialized.add(step.target);
  }
  const costs = new Map<Step, Cost>();
  for (const step of steps) {
    const chain = chainFor(step);
    const crossing = (uses.get(step) ?? []).filter(({ by, operand }) => {
      const isInLoop = groupOf.get(by) === groupOf.get(step) && isIdentity(operand.access);
      return !isInLoop || by.kind === "scatter";
    });
    const outside = crossing.filter(({ by }) => chainFor(by) !== chain || by.kind === "scatter");
    const mustLive = step.output !== null || step.kind === "place" || step.kind === "scatter";
    if (mustLive || isNeededWhole(step, uses)) materialized.add(step);
    else if (outside.length > 0 && !materialized.has(step)) {
      const cost = costOf(step, materialized, costs);
      if (!isWorthRepeating(step, cost, outside, uses, materialized, groupOf))
        materialized.add(step);
    }
    if (materialized.has(step) || outside.length === crossing.length) continue;
    if (isFinishedIn(step, chain)) continue;
    const isRepeated = rowCostOf(step, chain, { materialized, rows }) <= cheapInRow;
    if (!isRepeated && !rows.keep(step, chain)) materialized.add(step);
  }
  return { materialized, kept: rows.kept };
}

/** What chains keep of a row in scratch. */
class Rows {
  readonly kept = new Map<Step, number>();
  private readonly bytes = new Map<Chain, number>();

  /** Whether there was room. */
  keep(step: Step, chain: Chain): boolean {
    const from = this.bytes.get(chain) ?? 0;
    const elements = sizeOf((chain.axes ?? []).map((axis) => step.space[axis] as number));
    const own = elements * dtypes[step.dtype].bytes + vectorSlack;
    const to = Math.ceil((from + own) / vectorSlack) * vectorSlack;
    if (to > scratchBytes) return false;
    this.bytes.set(chain, to);
    this.kept.set(step, from);
    return true;
  }
}

/** Lane instructions that computing the step again for a later pass takes. */
function rowCostOf(
  step: Step,
  chain: Chain,
  held: { readonly materialized: ReadonlySet<Step>; readonly rows: Rows },
): number {
  if (step.kind !== "pointwise") return Infinity;
  let instructions = instructionsOf(step);
  for (const { source } of step.operands) {
    if (!isStep(source) || held.materialized.has(source) || held.rows.kept.has(source)) continue;
    if (!isFinishedIn(source, chain)) instructions += rowCostOf(source, chain, held);
  }
  return instructions;
}

function usesOf(steps: readonly Step[]): Map<Step, Use[]> {
  const uses = new Map<Step, Use[]>();
  for (const by of steps) {
    for (const operand of by.operands) {
      if (!isStep(operand.source)) continue;
      const known = uses.get(operand.source);
      if (known) known.push({ by, operand });
      else uses.set(operand.source, [{ by, operand }]);
    }
  }
  return uses;
}

/** A gather's table and a compaction's starts are read at any place: they must be buffers. */
const isNeededWhole = (step: Step, uses: Map<Step, Use[]>): boolean =>
  (uses.get(step) ?? []).some(
    ({ by, operand }) =>
      (by.kind === "gather" && by.operands[0] === operand) ||
      (by.kind === "compact" && by.operands[2] === operand),
  );

interface Cost {
  readonly instructions: number;
  /** Distinct buffers read once per element; broadcast ones are nearly free. */
  readonly reads: ReadonlySet<Source>;
}

function costOf(step: Step, materialized: Set<Step>, costs: Map<Step, Cost>): Cost {
  const known = costs.get(step);
  if (known) return known;
  let instructions = step.kind === "pointwise" ? instructionsOf(step) : Infinity;
  const reads = new Set<Source>();
  for (const { source, access } of step.operands) {
    if (isStep(source) && !materialized.has(source)) {
      const inner = costOf(source, materialized, costs);
      instructions += inner.instructions;
      for (const read of inner.reads) reads.add(read);
    } else if ((isStep(source) || source.kind === "input") && isInjective(access))
      reads.add(source);
  }
  const cost = { instructions, reads };
  costs.set(step, cost);
  return cost;
}

function isWorthRepeating(
  step: Step,
  cost: Cost,
  crossing: readonly Use[],
  uses: Map<Step, Use[]>,
  materialized: Set<Step>,
  groupOf: Map<Step, Group>,
): boolean {
  if (step.kind !== "pointwise" || sizeOf(step.space) < smallSize) return false;
  if (cost.instructions === Infinity) return false;
  if (groupOf.get(step)?.epilogue.includes(step)) return false;
  if (!crossing.every(({ operand }) => canFollow(step, operand.access, materialized))) return false;
  const undivided = crossing.filter(({ by }) => by.kind === "pack" || isEndOfProduct(by, groupOf));
  if (!undivided.every(({ operand }) => isPlainInside(step, operand.access, materialized)))
    return false;
  if (crossing.some((use) => wouldDivideFold(step, use, materialized, groupOf))) return false;
  if (cost.instructions <= cheapInstructions && cost.reads.size <= 1) return true;
  const all = uses.get(step) ?? [];
  const [only] = crossing as [Use];
  // A fold that is written out reads each element in an operand of its own.
  const isOnly =
    all.every(({ by }) => by === only.by) && (all.length === 1 || isWrittenOut(only.by));
  // A scan that is cut into chunks reads its operands twice.
  if (!isOnly || only.by.kind === "scan") return false;
  return isInjective(only.operand.access);
}

/** Packs, and what follows a product, walk each axis by one stride. */
function isEndOfProduct(step: Step, groupOf: Map<Step, Group>): boolean {
  const group = groupOf.get(step) as Group;
  return group.body[0]?.kind === "contract" && group.body[0] !== step;
}

const isWrittenOut = (step: Step): boolean => step.kind === "pointwise" && step.fold !== undefined;

/** Whether the step's operands can be reached through `access` by strides alone. */
function canFollow(step: Step, access: Access, materialized: Set<Step>): boolean {
  if (isIdentity(access) && walksSpace(access, step)) return true;
  return step.operands.every(({ source, access: inner }) => {
    const composed = composeInto(inner, access);
    if (!composed) return false;
    return !isStep(source) || materialized.has(source) || canFollow(source, composed, materialized);
  });
}

/** Whether a fold would be divided for what is read when the step is computed in its loop. */
function wouldDivideFold(
  step: Step,
  { by, operand }: Use,
  materialized: Set<Step>,
  groupOf: Map<Step, Group>,
): boolean {
  const { axes, space, body, allWalks } = groupOf.get(by) as Group;
  if (!axes || !body.includes(by)) return false;
  const walks = walksInside(step, operand.access, materialized);
  return !wouldDivide(space, axes, allWalks) && wouldDivide(space, axes, [...allWalks, ...walks]);
}

function walksInside(step: Step, access: Access, materialized: Set<Step>): Access[] {
  return step.operands.flatMap(({ source, access: inner }) => {
    const composed = composeInto(inner, access) as Access;
    const isRead = !isStep(source) || materialized.has(source);
    return isRead ? [composed] : walksInside(source, composed, materialized);
  });
}

/** Whether all that is read when the step is computed in a pack goes by one stride an axis. */
function isPlainInside(step: Step, access: Access, materialized: Set<Step>): boolean {
  return step.operands.every(({ source, access: inner }) => {
    const composed = composeInto(inner, access);
    if (!composed || !isPlain(composed)) return false;
    return (
      !isStep(source) || materialized.has(source) || isPlainInside(source, composed, materialized)
    );
  });
}

const extents = (access: Access): number[] =>
  access.axes.map((subAxes) => subAxes.reduce((product, { size }) => product * size, 1));

const walksSpace = (access: Access, step: Step): boolean =>
  String(extents(access)) === String(step.space);

/** The walk on an operand's buffer when its step is itself walked by `outer`. */
export function composeInto(inner: Access, outer: Access): Access | null {
  if (isIdentity(outer) && String(extents(inner)) === String(extents(outer))) return inner;
  const cut = inner.axes.flat();
  const shape = cut.map(({ size }) => size);
  return composeAccess(
    { shape, strides: cut.map(({ stride }) => stride), offset: inner.offset },
    outer,
  );
}
