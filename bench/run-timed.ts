// One timed workload: ours is watched first, so that its compiling run is among the recorded gaps;
// then every contender is checked once against the reference, and all of them race.

import type { PeerName, TimedWorkload, Timing, Trial, WorkloadReport } from "./contract.ts";
import { type Contender, race, timeOnce } from "./measure.ts";
import { emptyReport, messageOf, type Session } from "./session.ts";
import { collectGarbage, watchMainThread } from "./watch.ts";

interface Entry extends Contender {
  name: PeerName | "ours";
  firstRunMs: number;
  worstError: number;
}

async function openPeer(
  workload: TimedWorkload,
  name: PeerName,
  { doors }: Session,
): Promise<Trial | undefined> {
  switch (name) {
    case "jax":
      return workload.jax?.(await doors.open(name));
    case "tfjs":
      return workload.tfjs?.(await doors.open(name));
    case "ort":
      return workload.ort?.(await doors.open(name));
  }
}

async function checked(
  workload: TimedWorkload,
  name: Entry["name"],
  trial: Trial,
  firstRunMs: number,
): Promise<Entry> {
  const worstError = workload.worstError(await trial.check());
  const { tolerance, peerTolerance = tolerance } = workload;
  const allowed = name === "ours" ? tolerance : peerTolerance;
  if (!(worstError <= allowed)) {
    trial.dispose();
    throw new Error(`wrong by ${worstError}, allowed ${allowed}`);
  }
  return { name, trial, firstRunMs, worstError };
}

async function admitOurs(
  workload: TimedWorkload,
  session: Session,
  report: WorkloadReport,
): Promise<Entry[]> {
  if (session.sg === null) return [];
  const trial = workload.ours(session.sg);
  try {
    await trial.prepare();
    const watched = await watchMainThread(() => trial.run(), session, workload.gapMs);
    report.mainGap = watched.gap;
    return [await checked(workload, "ours", trial, watched.firstRunMs)];
  } catch (error) {
    report.failures.push(`ours: ${messageOf(error)}`);
    return [];
  }
}

async function admitPeers(
  workload: TimedWorkload,
  session: Session,
  report: WorkloadReport,
): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const name of session.doors.names.filter((peer) => workload[peer] !== undefined)) {
    try {
      const trial = await openPeer(workload, name, session);
      if (trial === undefined) continue;
      await trial.prepare();
      entries.push(await checked(workload, name, trial, await timeOnce(trial)));
    } catch (error) {
      report.notes.push(`${name} is left out: ${messageOf(error)}`);
    }
  }
  return entries;
}

function enter(report: WorkloadReport, entry: Entry, timing: Timing): void {
  const { name, firstRunMs, worstError } = entry;
  const whole = { ...timing, firstRunMs, worstError };
  if (name === "ours") report.ours = whole;
  else report.peers[name] = whole;
}

function tellDetails(report: WorkloadReport, details: Record<string, number>): void {
  report.details = details;
  const told = Object.entries(details).map(([name, value]) => `${name} ${+value.toPrecision(4)}`);
  report.notes.push(told.join(", "));
}

export async function runTimed(workload: TimedWorkload, session: Session): Promise<WorkloadReport> {
  const report = emptyReport();
  const entries = await admitOurs(workload, session, report);
  entries.push(...(await admitPeers(workload, session, report)));
  await collectGarbage();
  try {
    const timings = await race(entries, session.reps);
    for (const entry of entries) {
      const timing = timings.get(entry.name);
      if (timing !== undefined) enter(report, entry, timing);
    }
  } catch (error) {
    report.failures.push(`race: ${messageOf(error)}`);
  }
  const details = entries.find(({ name }) => name === "ours")?.trial.details?.();
  if (details !== undefined) tellDetails(report, details);
  for (const { trial } of entries) trial.dispose();
  await collectGarbage();
  return report;
}
