// What a compiler answers to, in its worker or beside the caller.

import type { Explanation } from "../base/explanation.ts";
import type { Program } from "../base/program.ts";
import type { Graph } from "../graph/serialize.ts";

export interface CompilerOptions {
  /** Whether the memory of the kernels is shared. */
  readonly shared: boolean;
  /** "auto": fused multiply-add where the host has relaxed SIMD. */
  readonly simd: "auto" | "fixed";
}

export interface Compiled {
  readonly program: Program;
  /** Distinct kernels this compiler has written so far. */
  readonly kernelCount: number;
}

export interface CompilerService {
  configure(options: CompilerOptions): void | Promise<void>;
  compile(graph: Graph): Compiled | Promise<Compiled>;
  /** What compile would make of the graph; no code is written. */
  explain(graph: Graph): Explanation | Promise<Explanation>;
}
