// Engine: a compiler and an executor, opened at the first request, on threads where the host has them.

import { wrap } from "comlink";
import type { Explanation } from "../base/explanation.ts";
import type { Compiled, CompilerOptions, CompilerService } from "../compiler/contract.ts";
import type { Graph } from "../graph/serialize.ts";
import { capabilities } from "../runtime/capabilities.ts";
import type { Executor } from "../runtime/executor.ts";
import { openPool } from "../runtime/pool.ts";
import { spawnWorker, type WorkerLike } from "../runtime/spawn.ts";

export interface EngineOptions {
  /** Kernel workers; by default one per core. */
  readonly workers?: number;
  /** "fixed" leaves out relaxed SIMD, so that every host rounds alike. */
  readonly simd?: "auto" | "fixed";
  /** Runs everything on the calling thread, letting its other tasks in every few ms unless blocking: for tests, and where there are no threads. */
  readonly inline?: boolean | "blocking";
  /** Most bytes of shared memory. */
  readonly maxBytes?: number;
  /** Most bytes kept of what a backward pass in a later tick will read; by default 256 MB. */
  readonly keptBytes?: number;
}

export interface Engine {
  readonly executor: Executor;
  compile(graph: Graph): Promise<Compiled>;
  explain(graph: Graph): Promise<Explanation>;
  close(): Promise<void>;
}

export async function openEngine(options: EngineOptions): Promise<Engine> {
  const { workers, simd = "auto", inline = false, maxBytes } = options;
  const { threads, reason } = capabilities();
  if (!inline && !threads) console.warn(`shardgrad runs on the calling thread: ${reason}`);
  if (inline || !threads) return engineBeside(options);
  const [executor, compiler] = await Promise.all([
    openPool({ ...(workers && { workers }), ...(maxBytes && { maxBytes }) }),
    compilerWorker({ shared: true, simd }),
  ]);
  const close = async (): Promise<void> => {
    await Promise.all([executor.close(), compiler.close()]);
  };
  return { executor, compile: compiler.compile, explain: compiler.explain, close };
}

/** On the calling thread: what elsewhere only workers load is loaded here when it is asked for. */
async function engineBeside({ simd = "auto", inline, maxBytes }: EngineOptions): Promise<Engine> {
  const [{ openInline }, { Compiler }] = await Promise.all([
    import("../runtime/inline.ts"),
    import("../compiler/compile.ts"),
  ]);
  const compiler = new Compiler();
  compiler.configure({ shared: false, simd });
  return {
    executor: openInline({ isBlocking: inline === "blocking", ...(maxBytes && { maxBytes }) }),
    compile: async (graph: Graph) => compiler.compile(graph),
    explain: async (graph: Graph) => compiler.explain(graph),
    close: async () => undefined,
  };
}

/** A compiler that died is replaced at the next graph; the one it died of rejects. */
async function compilerWorker(options: CompilerOptions) {
  let isDead = true;
  let worker: WorkerLike;
  let service: ReturnType<typeof wrap<CompilerService>>;
  const spawn = async (): Promise<void> => {
    worker = spawnWorker("compiler");
    isDead = false;
    worker.onDeath(() => {
      isDead = true;
    });
    worker.keepAlive(true);
    await worker.ready;
    service = wrap<CompilerService>(worker.endpoint);
    await worker.answer(service.configure(options));
    worker.keepAlive(false);
  };
  await spawn();
  let busy = 0;
  const answer = async <T>(ask: () => Promise<T>): Promise<T> => {
    if (isDead) await spawn();
    busy++;
    worker.keepAlive(true);
    try {
      return await worker.answer(ask());
    } finally {
      busy--;
      worker.keepAlive(busy > 0);
    }
  };
  return {
    compile: (graph: Graph): Promise<Compiled> => answer(() => service.compile(graph)),
    explain: (graph: Graph): Promise<Explanation> => answer(() => service.explain(graph)),
    close: () => worker.terminate(),
  };
}
