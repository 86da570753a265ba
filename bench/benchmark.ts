// One run of the benchmark in the page: limits, then every chosen workload with its contenders side
// by side, the limits again after each. A contender that fails is named and left out.

import type {
  Limits,
  Options,
  PeerName,
  Report,
  Shardgrad,
  TimedWorkload,
  Workload,
  WorkloadReport,
} from "./contract.ts";
import { LimitMeter } from "./limits/limits.ts";
import { leastMs } from "./measure.ts";
import { PeerDoors } from "./peers/peers.ts";
import { runStudy } from "./run-study.ts";
import { runTimed } from "./run-timed.ts";
import type { Session } from "./session.ts";
import { workloads } from "./workloads/list.ts";

/** The file may be absent while the library is not built: then only peers and limits run. */
async function loadOurs(workers: number): Promise<Shardgrad | null> {
  const root = Object.values(
    import.meta.glob<Omit<Shardgrad, "nn" | "optim">>("../src/index.ts"),
  )[0];
  const networks = Object.values(import.meta.glob<Shardgrad["nn"]>("../src/nn.ts"))[0];
  const optimizers = Object.values(import.meta.glob<Shardgrad["optim"]>("../src/optim.ts"))[0];
  if (root === undefined || networks === undefined || optimizers === undefined) return null;
  const sg = { ...(await root()), nn: await networks(), optim: await optimizers() };
  await sg.configure({ workers });
  sg.manualSeed(0);
  return sg;
}

function runOne(workload: Workload, session: Session): Promise<WorkloadReport> {
  return workload.kind === "timed" ? runTimed(workload, session) : runStudy(workload, session);
}

export async function runBenchmark(
  { only, peers, reps, ...options }: Options,
  say: (text: string) => void,
): Promise<Report> {
  if (!crossOriginIsolated) throw new Error("the page is not cross-origin isolated");
  const chosen = workloads.filter(({ name, isLong }) =>
    only === null ? isLong !== true : only.includes(name),
  );
  const workers = options.workers ?? navigator.hardwareConcurrency;
  const sg = await loadOurs(workers);
  if (sg === null) say("src/index.ts is missing: ours is skipped, peers and limits run alone");
  say(`limits with ${workers} workers`);
  const meter = await LimitMeter.start(workers);
  await meter.measure();
  const session = { sg, meter, doors: new PeerDoors(peers, workers), workers, reps, say };
  const reports: Record<string, WorkloadReport> = {};
  for (const workload of chosen) {
    say(`${workload.name}: ${workload.about}`);
    reports[workload.name] = await runOne(workload, session);
    await meter.measure();
  }
  noteIdlePeers(chosen, peers, say);
  addRates(chosen, reports, meter.best);
  meter.dispose();
  return { workers, limits: meter.best, workloads: reports };
}

function noteIdlePeers(chosen: Workload[], peers: PeerName[], say: (text: string) => void): void {
  const hasDoor = (peer: PeerName) =>
    chosen.some((workload) => workload.kind === "timed" && workload[peer] !== undefined);
  for (const peer of peers.filter((each) => !hasDoor(each))) {
    say(`${peer}: no workload among those chosen`);
  }
}

function addRates(
  chosen: Workload[],
  reports: Record<string, WorkloadReport>,
  limits: Limits,
): void {
  for (const workload of chosen) {
    const report = reports[workload.name];
    if (workload.kind === "timed" && report !== undefined) addRate(workload, report, limits);
  }
}

function addRate(workload: TimedWorkload, report: WorkloadReport, limits: Limits): void {
  const limitMs = leastMs(limits, workload);
  if (limitMs > 0) report.limitMs = limitMs;
  const { flops, bytes } = workload;
  for (const timing of [report.ours, ...Object.values(report.peers)]) {
    if (timing === undefined) continue;
    if (flops !== undefined) timing.gflops = flops / (timing.minMs * 1e6);
    if (bytes !== undefined) timing.gbs = bytes / (timing.minMs * 1e6);
  }
}
