// Every workload, in the order they run. A new one is a file here and a line below.

import type { Workload } from "../contract.ts";
import { attention4096 } from "./attention4096.ts";
import { bwd1024x6, bwd1024x6in } from "./bwd1024x6.ts";
import { chain100, chain100Replay } from "./chain100.ts";
import { cnn } from "./cnn.ts";
import { convolutions } from "./convolutions.ts";
import { fused20 } from "./fused20.ts";
import { gelu16M } from "./gelu16m.ts";
import { gpt } from "./gpt.ts";
import { gptCaptured } from "./gpt-captured.ts";
import { gpt2000 } from "./gpt2000.ts";
import { maskedSelect16M } from "./masked-select16m.ts";
import { itemThenBackward, mlp } from "./mlp.ts";
import { mm1024Fixed } from "./mm1024-fixed.ts";
import { mm4096Peak } from "./mm4096-peak.ts";
import { passes } from "./passes.ts";
import { products } from "./products.ts";
import { recording } from "./recording.ts";
import { rows } from "./rows.ts";
import { gatherRows1M, scatterRows1M } from "./rows1m.ts";
import { rows20 } from "./rows20.ts";
import { scaling } from "./scaling.ts";
import { seed16M } from "./seed16m.ts";
import { smallProducts } from "./small-products.ts";
import { steps10k } from "./steps10k.ts";
import { transposed } from "./transposed.ts";

export const workloads: Workload[] = [
  seed16M,
  gelu16M,
  chain100,
  chain100Replay,
  recording,
  scaling,
  fused20,
  rows20,
  steps10k,
  gatherRows1M,
  scatterRows1M,
  maskedSelect16M,
  ...passes,
  ...rows,
  ...products,
  ...smallProducts,
  mm1024Fixed,
  mm4096Peak,
  bwd1024x6,
  bwd1024x6in,
  ...convolutions,
  ...transposed,
  mlp,
  itemThenBackward,
  cnn,
  gpt,
  gptCaptured,
  gpt2000,
  attention4096,
];
