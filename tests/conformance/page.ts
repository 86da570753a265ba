// The runner's part in the browser: loads the public API, runs the jobs it is told to on the real
// worker pool, and sends outcomes back as they come. Driven by browser.ts.

import { Adapter, type Modules } from "./adapter.ts";
import { type Hearing, type Job, type Pace, runBatches } from "./batches.ts";
import type { ModuleFile, OperatorFile, OptimFile, Semantics } from "./corpus.ts";
import { runModuleCase } from "./module-case.ts";
import { runCase } from "./operator-case.ts";
import { runOptimCase } from "./optim-case.ts";
import { type Section, sections, semanticJobs } from "./semantic-cases.ts";

export interface Setup {
  /** Namespace path → address of its module. */
  readonly modules: Readonly<Record<string, string>>;
  readonly workers: number | null;
}

export interface Request {
  /** Files of the corpus, or sections of its semantics, and the ids to run of each. */
  readonly parts: Readonly<Record<string, readonly string[]>>;
  readonly pace: Pace;
}

export type Counters = Readonly<Record<string, unknown>>;

/** What the page offers to the runner, as `globalThis.conformance`. */
export interface PageSide {
  setUp(setup: Setup): Promise<void>;
  /** Ids that never answered. */
  run(request: Request): Promise<string[]>;
  counters(): Counters;
}

/** What the runner offers to the page; both take JSON. */
export interface RunnerSide {
  conformanceStarted(ids: string): Promise<void>;
  conformanceFinished(outcomes: string): Promise<void>;
}

type Configured = {
  configure?(options: { workers: number }): unknown;
  stats?(): Counters;
};

let adapter: Adapter;
let root: Configured;
const parts = new Map<string, Promise<Job[]>>();

async function setUp({ modules, workers }: Setup): Promise<void> {
  const loaded = Object.entries(modules).map(async ([path, address]) => [
    path,
    await import(/* @vite-ignore */ address),
  ]);
  const namespaces: Modules = Object.fromEntries(await Promise.all(loaded));
  adapter = new Adapter(namespaces);
  root = namespaces[""] as Configured;
  if (workers === null) return;
  if (!root.configure) throw new Error("--workers: the public API has no configure()");
  await root.configure({ workers });
}

async function jobsOf(part: string): Promise<Job[]> {
  const section = sections.find((name) => name === part);
  const response = await fetch(`/corpus/${section ? "semantics.json" : part}`);
  if (!response.ok) throw new Error(`GET ${part}: ${response.status}`);
  const content: unknown = await response.json();
  if (section) return semanticJobs(content as Semantics, section satisfies Section, adapter);
  if (part.startsWith("modules/")) {
    const { module, cases } = content as ModuleFile;
    return cases.map((one) => ({
      id: one.id,
      kind: one.kind,
      isAlone: one.kind === "error",
      run: () => runModuleCase(adapter, module, one),
    }));
  }
  if (part.startsWith("optim/")) {
    const file = content as OptimFile;
    return file.cases.map((one) => ({
      id: one.id,
      kind: one.kind,
      // LBFGS awaits some thousand values: among others it would wait for all of their requests, too.
      isAlone: one.kind === "error" || file.optimizer === "LBFGS",
      run: () => runOptimCase(adapter, file, one),
    }));
  }
  const { variants } = content as OperatorFile;
  return variants.flatMap((variant) =>
    variant.cases.map((one) => ({
      id: one.id,
      kind: one.kind,
      isAlone: one.kind === "error",
      run: () => runCase(adapter, variant, one),
    })),
  );
}

async function chosenJobs([part, ids]: [string, readonly string[]]): Promise<Job[]> {
  if (!parts.has(part)) parts.set(part, jobsOf(part));
  const wanted = new Set(ids);
  return (await parts.get(part)!).filter(({ id }) => wanted.has(id));
}

async function run({ parts: asked, pace }: Request): Promise<string[]> {
  const jobs = (await Promise.all(Object.entries(asked).map(chosenJobs))).flat();
  const runner = globalThis as unknown as RunnerSide;
  const told: Promise<void>[] = [];
  const hearing: Hearing = {
    started: (ids) => void told.push(runner.conformanceStarted(JSON.stringify(ids))),
    finished: (done) => void told.push(runner.conformanceFinished(JSON.stringify(done))),
  };
  const hung = await runBatches(jobs, pace, hearing);
  await Promise.all(told);
  return hung;
}

const pageSide: PageSide = { setUp, run, counters: () => root.stats?.() ?? {} };
Object.assign(globalThis, { conformance: pageSide });
