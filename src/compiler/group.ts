// Grouping: which steps share a loop. A step joins a group of the same space when it reads what the
// group computes or reads too, and no path leads out of the group and back into it.

import { commonCuts, isIdentity } from "./access.ts";
import { isStep, type Operand, type PointwiseStep, type ReduceStep, type Step } from "./step.ts";

/** More would overflow registers and arguments long before it saves memory traffic. */
const maxStepsInGroup = 64;

export class Group {
  /** In order; pointwise, gather, reduce and place steps of one space. */
  readonly body: Step[] = [];
  /** Pointwise steps of the reduced shape that need the finished reductions. */
  readonly epilogue: PointwiseStep[] = [];
  /** Groups whose values this one needs. */
  readonly needs = new Set<Group>();
  axes: readonly number[] | null = null;

  constructor(readonly space: readonly number[]) {}

  dependsOn(other: Group): boolean {
    const seen = new Set<Group>();
    const pending: Group[] = [this];
    for (let group = pending.pop(); group; group = pending.pop()) {
      if (group === other) return true;
      for (const next of group.needs) {
        if (seen.has(next)) continue;
        seen.add(next);
        pending.push(next);
      }
    }
    return false;
  }
}

/** Puts every step in a group; returns the groups in an order in which they can run. */
export function groupSteps(steps: readonly Step[]): Map<Step, Group> {
  const groupOf = new Map<Step, Group>();
  const bySpace = new Map<string, Group[]>();
  for (const step of steps) {
    const group = findEpilogue(step, groupOf) ?? findBody(step, bySpace, groupOf);
    groupOf.set(step, group);
    for (const needed of neededSteps(step)) {
      const other = groupOf.get(needed) as Group;
      if (other !== group) group.needs.add(other);
    }
  }
  return groupOf;
}

/** The steps whose buffers or values `step` needs. */
export function neededSteps(step: Step): Step[] {
  const needed = step.operands.map(({ source }) => source).filter(isStep);
  if (step.kind === "place" || step.kind === "scatter") needed.push(step.target);
  return needed;
}

function findBody(step: Step, bySpace: Map<string, Group[]>, groupOf: Map<Step, Group>): Group {
  const key = String(step.space);
  const groups = bySpace.get(key) ?? [];
  bySpace.set(key, groups);
  const candidate = step.kind === "scatter" ? undefined : bestGroup(step, groups, groupOf);
  const group = candidate ?? new Group(step.space);
  group.body.push(step);
  if (step.kind === "reduce") group.axes = step.axes;
  if (!candidate && step.kind !== "scatter") groups.push(group);
  return group;
}

/** The group with which the step shares most; the later one where that is equal. */
function bestGroup(step: Step, groups: readonly Group[], groupOf: Map<Step, Group>) {
  let best: Group | undefined;
  let most = 0;
  for (const group of groups) {
    const shared = sharedReads(step, group, groupOf);
    if (shared > 0 && shared >= most && canJoin(step, group, groupOf)) {
      best = group;
      most = shared;
    }
  }
  return best;
}

function sharedReads(step: Step, group: Group, groupOf: Map<Step, Group>): number {
  let shared = 0;
  for (const { source, access } of step.operands) {
    if (isStep(source) && groupOf.get(source) === group && isIdentity(access)) shared += 2;
    else if (source.kind === "input" && readsInput(group, source.index)) shared += 1;
    else if (isStep(source) && readsStep(group, source)) shared += 1;
  }
  return shared;
}

const operandsOf = (group: Group): Operand[] => group.body.flatMap((step) => step.operands);

const readsInput = (group: Group, index: number): boolean =>
  operandsOf(group).some(({ source }) => source.kind === "input" && source.index === index);

const readsStep = (group: Group, step: Step): boolean =>
  operandsOf(group).some(({ source }) => source === step);

function canJoin(step: Step, group: Group, groupOf: Map<Step, Group>): boolean {
  if (group.body.length >= maxStepsInGroup) return false;
  if (step.kind === "reduce" && group.axes && String(group.axes) !== String(step.axes))
    return false;
  for (const { source, access } of step.operands) {
    if (!isStep(source) || groupOf.get(source) !== group) continue;
    const isInLoop = source.kind === "pointwise" || source.kind === "gather";
    if (!isInLoop || !isIdentity(access) || !group.body.includes(source)) return false;
  }
  for (const needed of neededSteps(step)) {
    const other = groupOf.get(needed) as Group;
    if (other === group ? isNeededWhole(step, needed) : other.dependsOn(group)) return false;
  }
  const accesses = [...operandsOf(group), ...step.operands].map(({ access }) => access);
  const windows = [...group.body, step].flatMap((s) => (s.kind === "place" ? [s.window] : []));
  return commonCuts(group.space, [...accesses, ...windows]) !== null;
}

/** What is written over, and what is read at any place, must be complete before. */
const isNeededWhole = (step: Step, needed: Step): boolean =>
  step.kind === "gather"
    ? step.operands[0]?.source === needed
    : (step.kind === "place" || step.kind === "scatter") && step.target === needed;

/** The group whose finished reductions a pointwise step of the reduced shape can go on with. */
function findEpilogue(step: Step, groupOf: Map<Step, Group>): Group | null {
  if (step.kind !== "pointwise") return null;
  const reduced = step.operands
    .map(({ source }) => source)
    .find((source) => {
      if (!isStep(source)) return false;
      const group = groupOf.get(source) as Group;
      return source.kind === "reduce" || group.epilogue.includes(source as PointwiseStep);
    });
  if (!reduced) return null;
  const group = groupOf.get(reduced as Step) as Group;
  const shape = (group.body.find((s) => s.kind === "reduce") as ReduceStep).shape;
  if (String(shape) !== String(step.space)) return null;
  const fits = step.operands.every(({ source, access }) => {
    if (!isStep(source)) return access.axes.every((subAxes) => subAxes.length === 1);
    const other = groupOf.get(source) as Group;
    if (other !== group) return access.axes.every((s) => s.length === 1) && !other.dependsOn(group);
    const isFinished = source.kind === "reduce" || group.epilogue.includes(source as PointwiseStep);
    return isFinished && isIdentity(access);
  });
  if (!fits) return null;
  group.epilogue.push(step);
  return group;
}
