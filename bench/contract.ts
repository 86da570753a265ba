/// <reference types="vite/client" />
// The types every part of the benchmark agrees on: what a workload is, what one run of the command
// reports. `Report` is the shape of `--json FILE`; readers may rely on the names, not on the order.

/** The library's root, and the subpath for neural networks beside it. */
export type Shardgrad = typeof import("../src/index.ts") & {
  readonly nn: typeof import("../src/nn.ts");
  readonly optim: typeof import("../src/optim.ts");
};
export type Jax = typeof import("@jax-js/jax");
export type Tfjs = typeof import("@tensorflow/tfjs");
export type Ort = typeof import("onnxruntime-web/wasm");

export const peerNames = ["jax", "tfjs", "ort"] as const;
export type PeerName = (typeof peerNames)[number];
export interface Peers {
  jax: Jax;
  tfjs: Tfjs;
  ort: Ort;
}

export interface Options {
  only: string[] | null;
  peers: PeerName[];
  json: string | null;
  reps: number | null;
  workers: number | null;
}

export interface Limits {
  fmaGflopsOne: number;
  fmaGflopsAll: number;
  /** Of a multiplication and an addition, as where there is no relaxed SIMD. */
  mulAddGflopsAll: number;
  copyGBsAll: number;
  inPlaceGBsAll: number;
  readGBsAll: number;
}
export type ByteLimit = "copy" | "inPlace" | "read";

export interface Timing {
  minMs: number;
  medianMs: number;
  runs: number;
  firstRunMs?: number;
  gflops?: number;
  gbs?: number;
  worstError?: number;
}

export interface MainGap {
  maxMs: number;
  p99Ms: number;
  longTasks: number;
  baselineMaxMs: number;
  baselineP99Ms: number;
}

export interface WorkloadReport {
  ours?: Timing;
  peers: { [name in PeerName]?: Timing };
  mainGap?: MainGap;
  limitMs?: number;
  details?: Record<string, number>;
  notes: string[];
  failures: string[];
}

export interface Report {
  workers: number;
  limits: Limits;
  workloads: Record<string, WorkloadReport>;
}

/** Outputs of one run by name; input data the reference needs stands beside them. */
export type Outputs = Record<string, ArrayLike<number>>;

/** One contender of one workload. `run` resolves when every result can be read. */
export interface Trial {
  prepare(): Promise<void>;
  run(): Promise<void>;
  check(): Promise<Outputs>;
  dispose(): void;
  /** Milliseconds of the last run, for a trial that times a part of it by itself. */
  ownMs?(): number;
  /** What else is worth reporting of the last run. */
  details?(): Record<string, number>;
}

interface Described {
  name: string;
  about: string;
  gapMs?: number;
  /** Takes minutes: runs only where `--only` names it. */
  isLong?: true;
}

/** Contenders run interleaved; each one's outputs are held against `worstError` once. */
export interface TimedWorkload extends Described {
  kind: "timed";
  ours(sg: Shardgrad): Trial;
  jax?(jax: Jax): Trial;
  tfjs?(tf: Tfjs): Trial;
  ort?(ort: Ort): Trial;
  worstError(outputs: Outputs): number;
  tolerance: number;
  /** Where peers are known to compute less exactly than we ask of ourselves. */
  peerTolerance?: number;
  /** Work of one run: true arithmetic, and bytes it cannot avoid to read and write. */
  flops?: number;
  bytes?: number;
  limit?: ByteLimit;
  /** Least arithmetic in units of the FMA limit, where it differs from `flops`. */
  limitFlops?: number;
}

export interface Lab {
  sg: Shardgrad;
  workers: number;
  limits: Limits;
  reps: number | null;
  say(text: string): void;
}

export interface Study {
  ours: Timing;
  limitMs?: number;
  details: Record<string, number>;
  notes: string[];
  failures: string[];
  /** One more run of the same kind, repeated while the main thread's gaps are recorded. */
  again(): Promise<void>;
  dispose(): void;
}

/** A question about our library alone, with its own way of measuring. */
export interface StudyWorkload extends Described {
  kind: "study";
  study(lab: Lab): Promise<Study>;
}

export type Workload = TimedWorkload | StudyWorkload;
