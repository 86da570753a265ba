// Chains: which loops go over the same rows one after the other, in one kernel. A row is what the reduced
// axes make of one kept index; it stays in the nearest cache from the first pass to the last, and what
// only the chain needs of it is never written to shared memory.
//
//   softmax:  pass 1  max of x        pass 2  e = exp(x - max), sum of e        pass 3  e / sum

import { scratchBytes } from "../base/program.ts";
import { sizeOf } from "../base/shapes.ts";
import { commonCuts, isIdentity } from "./access.ts";
import { Dependent } from "./dependent.ts";
import type { Group } from "./group.ts";
import { neededSteps, readOf } from "./group.ts";
import { isFoldedWhole } from "./split.ts";
import { isStep, type Operand, type PointwiseStep, type Step } from "./step.ts";

/** More passes are more code, for rows that are in the cache anyway. */
const maxPasses = 12;

export class Chain extends Dependent<Chain> {
  readonly groups: Group[] = [];

  get space(): readonly number[] {
    return (this.groups[0] as Group).space;
  }

  /** The reduced axes, or null. */
  get axes(): readonly number[] | null {
    return this.groups.find(({ axes }) => axes !== null)?.axes ?? null;
  }
}

/** Every group in a chain, mostly alone; `groups` come after all that they need. */
export function chainGroups(
  groups: readonly Group[],
  groupOf: ReadonlyMap<Step, Group>,
): Map<Group, Chain> {
  const chainOf = new Map<Group, Chain>();
  const readers = new Map<Step | number, Set<Chain>>();
  for (const group of groups) {
    const near = chainsNear(group, { chainOf, groupOf, readers });
    const chain = near.findLast((c) => canFollow(group, c, { chainOf, groupOf })) ?? new Chain();
    chain.groups.push(group);
    chainOf.set(group, chain);
    for (const needed of group.needs) {
      const other = chainOf.get(needed) as Chain;
      if (other !== chain) chain.need(other);
    }
    for (const read of group.reads) {
      const known = readers.get(read);
      if (known) known.add(chain);
      else readers.set(read, new Set([chain]));
    }
  }
  return chainOf;
}

interface Known {
  readonly chainOf: ReadonlyMap<Group, Chain>;
  readonly groupOf: ReadonlyMap<Step, Group>;
}

/** Chains that compute or read what the group reads, and could take it up; those first met first. */
function chainsNear(
  group: Group,
  { chainOf, groupOf, readers }: Known & { readers: ReadonlyMap<Step | number, Set<Chain>> },
): Chain[] {
  if (!isOfRows(group)) return [];
  const near = new Set<Chain>();
  for (const step of group.body) {
    for (const { source } of step.operands) {
      const read = readOf(source);
      for (const chain of (read !== null && readers.get(read)) || []) near.add(chain);
      const own = isStep(source) && groupOf.get(source);
      if (own && chainOf.has(own)) near.add(chainOf.get(own) as Chain);
    }
  }
  return [...near];
}

const rowKinds = new Set<Step["kind"]>(["pointwise", "gather", "reduce"]);

/** Whether the group's loop is of pointwise steps and folds, and no read leaps from lane to lane. */
const isOfRows = ({ body }: Group): boolean =>
  body.every(
    (step) => rowKinds.has(step.kind) && step.operands.every((operand) => isAlongLanes(operand)),
  );

function isAlongLanes({ access }: Operand): boolean {
  const inner = access.axes.flat().findLast(({ size }) => size > 1);
  return !inner || Math.abs(inner.stride) <= 1;
}

function canFollow(group: Group, chain: Chain, known: Known): boolean {
  const { chainOf, groupOf } = known;
  const { axes } = chain;
  if (!axes || String(group.space) !== String(chain.space)) return false;
  if (group.axes && String(group.axes) !== String(axes)) return false;
  if (chain.groups.length >= maxPasses || !chain.groups.every(isOfRows)) return false;
  if (!isRowWhole(group.space, axes)) return false;
  const isOwn = (step: Step): boolean => chainOf.get(groupOf.get(step) as Group) === chain;
  const steps = [...group.body, ...group.epilogue];
  const readsRows = steps.every((step) =>
    step.operands.every(
      ({ source, access }) =>
        !isStep(source) || !isOwn(source) || isOfSameRow({ source, access }, chain),
    ),
  );
  if (!readsRows || steps.some((step) => neededWhole(step).some(isOwn))) return false;
  for (const needed of group.needs) {
    const other = chainOf.get(needed) as Chain;
    if (other !== chain && other.dependsOn(chain)) return false;
  }
  const walks = [...chain.groups, group].flatMap((each) => each.allWalks);
  return commonCuts(group.space, walks) !== null;
}

const neededWhole = (step: Step): Step[] =>
  step.kind === "gather"
    ? neededSteps(step).filter((needed) => step.operands[0]?.source === needed)
    : [];

/** Whether a value of the chain is read where its row is: element by element, or the finished fold. */
function isOfSameRow({ source, access }: Operand, chain: Chain): boolean {
  if (!isFinishedIn(source as Step, chain)) return isIdentity(access);
  const ofReducedShape = access.axes.length < chain.space.length;
  const isReduced = (axis: number): boolean => !ofReducedShape && !!chain.axes?.includes(axis);
  const kept = access.axes.filter((_, axis) => !isReduced(axis));
  const standsStill = access.axes.every(
    (parts, axis) =>
      !isReduced(axis) || parts.every(({ stride, size }) => stride === 0 || size === 1),
  );
  return standsStill && isIdentity({ axes: kept, offset: access.offset });
}

/** Whether the step's value is one a row: a fold, or what is made of folds. */
export const isFinishedIn = (step: Step, { groups }: Chain): boolean =>
  step.kind === "reduce" ||
  step.kind === "contract" ||
  groups.some(({ epilogue }) => epilogue.includes(step as PointwiseStep));

/** Whether each row lies along the lanes, is folded in one chunk, and stays in the nearer caches. */
function isRowWhole(space: readonly number[], axes: readonly number[]): boolean {
  const elements = sizeOf(axes.map((axis) => space[axis] as number));
  const last = space.findLastIndex((size) => size > 1);
  return (
    axes.includes(last) &&
    isFoldedWhole(sizeOf(space) / elements, elements) &&
    elements * 8 <= scratchBytes
  );
}
