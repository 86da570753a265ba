// Every workload, in the order they run. A new one is a file here and a line below.

import type { Workload } from "../contract.ts";
import { chain100, chain100Replay } from "./chain100.ts";
import { convolutions } from "./convolutions.ts";
import { fused20 } from "./fused20.ts";
import { gelu16M } from "./gelu16m.ts";
import { maskedSelect16M } from "./masked-select16m.ts";
import { passes } from "./passes.ts";
import { products } from "./products.ts";
import { recording } from "./recording.ts";
import { gatherRows1M, scatterRows1M } from "./rows1m.ts";
import { scaling } from "./scaling.ts";
import { seed16M } from "./seed16m.ts";
import { steps10k } from "./steps10k.ts";

export const workloads: Workload[] = [
  seed16M,
  gelu16M,
  chain100,
  chain100Replay,
  recording,
  scaling,
  fused20,
  steps10k,
  gatherRows1M,
  scatterRows1M,
  maskedSelect16M,
  ...passes,
  ...products,
  ...convolutions,
];
