// compile: Graph → Program. What this folder is for, read aloud.

import { dtypes } from "../base/dtypes.ts";
import { invariant } from "../base/errors.ts";
import type { Explanation } from "../base/explanation.ts";
import { sizeOf } from "../base/shapes.ts";
import type { Graph, GraphNode } from "../graph/serialize.ts";
import { relaxedSimd } from "../wasm/features.ts";
import type { Compiled, CompilerOptions, CompilerService } from "./contract.ts";
import { emit, KernelCache } from "./emit.ts";
import { explain } from "./explain.ts";
import { fuse } from "./fuse.ts";
import { plan } from "./plan.ts";
import { type Host, schedule } from "./schedule.ts";

/** A module may be given any memory up to the most that 32-bit addresses reach. */
const maxPages = 65536;

export class Compiler implements CompilerService {
  private cache: KernelCache | null = null;
  private host: Host = { hasFusedMadd: false };

  configure({ shared, simd }: CompilerOptions): void {
    const memory = { shared, minPages: 1, maxPages, addressType: "i32" } as const;
    const hasFusedMadd = simd === "auto" && relaxedSimd();
    this.host = { hasFusedMadd };
    this.cache = new KernelCache({ memory, simd: hasFusedMadd ? "relaxed" : "fixed" });
  }

  compile(graph: Graph): Compiled {
    const { cache } = this;
    invariant(cache, "compiler: not configured");
    const steps = schedule(graph, this.host); //    Graph    → Step[]    one per computed value
    const kernels = fuse(steps); //                 Step[]   → Kernel[]  loops, views folded in
    const placed = plan(kernels, steps.length); //  Kernel[] → Placed    every buffer has its bytes
    const program = emit(placed, cache, frameOf(graph)); //    → Program   code and launches
    return { program, kernelCount: cache.size };
  }

  explain(graph: Graph): Explanation {
    const steps = schedule(graph, this.host);
    return explain(plan(fuse(steps), steps.length), frameOf(graph));
  }
}

function frameOf({ nodes, outputs, inputCount, scalarCount }: Graph) {
  const bytes = outputs.map((at) => {
    const { shape, dtype } = nodes[at] as GraphNode;
    return sizeOf(shape) * dtypes[dtype].bytes;
  });
  return { inputCount, scalarCount, outputs: bytes };
}
