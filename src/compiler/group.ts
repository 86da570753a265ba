// Grouping: which steps share a loop. A step joins a group of the same space when it reads what the
// group computes or reads too, and no path leads out of the group and back into it.

import { type Access, commonCuts, isIdentity } from "./access.ts";
import { Dependent } from "./dependent.ts";
import { wouldDivide } from "./flatten.ts";
import { isStep, type PointwiseStep, type Source, type Step } from "./step.ts";

/** More would overflow registers and arguments long before it saves memory traffic. */
const maxStepsInGroup = 64;
/** Groups that read one thing and are looked at, the latest: keeps the search linear. */
const maxCandidates = 16;

let groupCount = 0;

export class Group extends Dependent<Group> {
  /** Grows with time. */
  readonly number = groupCount++;
  /** In order; pointwise, gather, reduce and place steps of one space. */
  readonly body: Step[] = [];
  /** Pointwise steps of the reduced shape that need the finished reductions. */
  readonly epilogue: PointwiseStep[] = [];
  axes: readonly number[] | null = null;
  /** What the body reads: steps, and inputs by number. */
  readonly reads = new Set<Step | number>();
  /** The different ways in which the body walks what it reads and writes. */
  private readonly walks = new Map<string, Access>();

  constructor(readonly space: readonly number[]) {
    super();
  }

  add(step: Step): void {
    this.body.push(step);
    if (step.kind === "reduce") this.axes = step.axes;
    for (const walk of walksOf(step)) this.walks.set(JSON.stringify(walk), walk);
    for (const { source } of step.operands) {
      const read = readOf(source);
      if (read !== null) this.reads.add(read);
    }
  }

  /** How the body walks what it reads and writes, each way once. */
  get allWalks(): Access[] {
    return [...this.walks.values()];
  }

  /** Whether the space can be cut so that the step's walks go with those of the body. */
  canCutFor(step: Step): boolean {
    return commonCuts(this.space, [...this.walks.values(), ...walksOf(step)]) !== null;
  }

  /** Whether the step brings a fold and walks together that it would have to divide. */
  isDividedBy(step: Step): boolean {
    const axes = this.axes ?? (step.kind === "reduce" ? step.axes : null);
    if (!axes) return false;
    const own = this.allWalks;
    const all = [...own, ...walksOf(step)];
    const isNew = this.axes === null || !wouldDivide(this.space, axes, own);
    return isNew && wouldDivide(this.space, axes, all);
  }
}

/** Puts every step in a group, such that the groups can run one after the other. */
export function groupSteps(steps: readonly Step[]): Map<Step, Group> {
  const groupOf = new Map<Step, Group>();
  const readers = new Map<Step | number, Group[]>();
  for (const step of steps) {
    const group = findEpilogue(step, groupOf) ?? findBody(step, readers, groupOf);
    groupOf.set(step, group);
    for (const needed of neededSteps(step)) {
      const other = groupOf.get(needed) as Group;
      if (other !== group) group.need(other);
    }
  }
  return groupOf;
}

/** What tells shared reads: a step, or the number of an input; null for what costs nothing to read. */
export function readOf(source: Source): Step | number | null {
  if (isStep(source)) return source;
  return source.kind === "input" ? source.index : null;
}

const walksOf = (step: Step): Access[] => {
  const walks = step.operands.map(({ access }) => access);
  return step.kind === "place" || step.kind === "scan" ? [...walks, step.window] : walks;
};

/** The steps whose buffers or values `step` needs. */
export function neededSteps(step: Step): Step[] {
  const needed = step.operands.map(({ source }) => source).filter(isStep);
  if (step.kind === "place" || step.kind === "scatter") needed.push(step.target);
  return needed;
}

function findBody(
  step: Step,
  readers: Map<Step | number, Group[]>,
  groupOf: Map<Step, Group>,
): Group {
  const group = bestGroup(step, readers, groupOf) ?? new Group(step.space);
  for (const { source } of step.operands) {
    const read = readOf(source);
    if (read === null || group.reads.has(read)) continue;
    const known = readers.get(read);
    if (known) known.push(group);
    else readers.set(read, [group]);
  }
  group.add(step);
  return group;
}

/** The group with which the step shares most; the later one where that is equal. */
function bestGroup(
  step: Step,
  readers: Map<Step | number, Group[]>,
  groupOf: Map<Step, Group>,
): Group | undefined {
  if (isAlone(step)) return undefined;
  let best: Group | undefined;
  let most = 0;
  for (const group of groupsNear(step, readers, groupOf)) {
    const shared = sharedReads(step, group, groupOf);
    if (shared > 0 && shared >= most && canJoin(step, group, groupOf)) {
      best = group;
      most = shared;
    }
  }
  return best;
}

const kindsAlone = new Set<Step["kind"]>([
  "blank",
  "scatter",
  "scan",
  "sort",
  "compact",
  "pack",
  "contract",
]);

/** What has a loop of its own kind. */
const isAlone = (step: Step | undefined): boolean =>
  step !== undefined && kindsAlone.has(step.kind);

/** Groups that compute or read what the step reads; oldest first, each once. */
function groupsNear(
  step: Step,
  readers: Map<Step | number, Group[]>,
  groupOf: Map<Step, Group>,
): Group[] {
  const near = new Set<Group>();
  for (const { source } of step.operands) {
    const read = readOf(source);
    if (read === null) continue;
    if (typeof read !== "number") near.add(groupOf.get(read) as Group);
    for (const group of (readers.get(read) ?? []).slice(-maxCandidates)) near.add(group);
  }
  const isOfSpace = ({ space, body }: Group): boolean =>
    String(space) === String(step.space) && !isAlone(body[0]);
  return [...near].filter(isOfSpace).sort((a, b) => a.number - b.number);
}

function sharedReads(step: Step, group: Group, groupOf: Map<Step, Group>): number {
  let shared = 0;
  for (const { source, access } of step.operands) {
    if (isStep(source) && groupOf.get(source) === group && isIdentity(access)) shared += 2;
    else if (group.reads.has(readOf(source) ?? -1)) shared += 1;
  }
  return shared;
}

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
  return group.canCutFor(step) && !group.isDividedBy(step);
}

/** What is written over, and what is read at any place, must be complete before. */
const isNeededWhole = (step: Step, needed: Step): boolean =>
  step.kind === "gather"
    ? step.operands[0]?.source === needed
    : (step.kind === "place" || step.kind === "scatter") && step.target === needed;

/** What is finished when the loop over its depth, or its reduced axes, is. */
const isFolded = ({ kind }: Step): boolean => kind === "reduce" || kind === "contract";

/**
 * The group with whose finished reductions, or product, a pointwise step of their shape can go on; the
 * latest, where it takes those of several.
 */
function findEpilogue(step: Step, groupOf: Map<Step, Group>): Group | null {
  if (step.kind !== "pointwise") return null;
  const groups = step.operands
    .map(({ source }) => source)
    .filter(isStep)
    .filter((source) => isFinished(source, groupOf.get(source) as Group))
    .map((source) => groupOf.get(source) as Group)
    .sort((a, b) => b.number - a.number);
  const group = groups.find((each) => canEnd(step, each, groupOf));
  group?.epilogue.push(step);
  return group ?? null;
}

const isFinished = (step: Step, { epilogue }: Group): boolean =>
  isFolded(step) || epilogue.includes(step as PointwiseStep);

function canEnd(step: PointwiseStep, group: Group, groupOf: Map<Step, Group>): boolean {
  if (group.epilogue.length >= maxStepsInGroup) return false;
  const { shape } = group.body.find(isFolded) as Step;
  if (String(shape) !== String(step.space)) return false;
  return step.operands.every(({ source, access }) => {
    if (!isStep(source)) return access.axes.every((subAxes) => subAxes.length === 1);
    const other = groupOf.get(source) as Group;
    if (other !== group) return access.axes.every((s) => s.length === 1) && !other.dependsOn(group);
    return isFinished(source, group) && isIdentity(access);
  });
}
