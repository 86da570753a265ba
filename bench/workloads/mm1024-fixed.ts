// A product of two 1024 × 1024 matrices where the kernels may not use relaxed SIMD, against what a
// multiplication and an addition reach in registers.

import type { Lab, Study, StudyWorkload } from "../contract.ts";
import { race } from "../measure.ts";
import { products } from "./products.ts";

const product = products.find(({ name }) => name === "mm1024");

async function study({ sg, workers, limits, reps }: Lab): Promise<Study> {
  if (product?.flops === undefined) throw new Error("mm1024Fixed: no workload mm1024");
  await sg.configure({ workers, simd: "fixed" });
  const trial = product.ours(sg);
  await trial.prepare();
  const timing = (await race([{ name: "ours", trial }], reps)).get("ours");
  if (timing === undefined) throw new Error("mm1024Fixed: the race lost its contender");
  const worstError = product.worstError(await trial.check());
  const limitMs = product.flops / (limits.mulAddGflopsAll * 1e6);
  const share = limitMs / timing.minMs;
  return {
    ours: { ...timing, worstError },
    limitMs,
    details: { mulAddGflops: limits.mulAddGflopsAll, share },
    notes: [`${(100 * share).toFixed(0)} % of a multiplication and an addition in registers`],
    failures: worstError <= product.tolerance ? [] : [`the product is off by ${worstError}`],
    again: () => trial.run(),
    dispose: () => trial.dispose(),
  };
}

export const mm1024Fixed: StudyWorkload = {
  kind: "study",
  name: "mm1024Fixed",
  about: "mm1024 without relaxed SIMD",
  study,
};
