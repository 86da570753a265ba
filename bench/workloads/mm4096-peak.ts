// Shared memory that a product of two 4096 × 4096 matrices takes besides its three matrices. Run in a
// runtime of its own, whose peak nothing else has raised.

import type { Lab, Study, StudyWorkload } from "../contract.ts";
import { summary } from "../measure.ts";
import { errorOf } from "../verify.ts";

const SIDE = 4096;
const MATRIX_BYTES = 4 * SIDE * SIDE;
const SAMPLES = 499;
const FLOOR = 1;
const TOLERANCE = 1e-3;

async function study({ sg, workers }: Lab): Promise<Study> {
  await sg.configure({ workers });
  const [a, b] = [sg.randn([SIDE, SIDE]), sg.randn([SIDE, SIDE])];
  await Promise.all([a.realize(), b.realize()]);
  const multiply = async () => {
    const product = a.matmul(b);
    await product.realize();
    return product;
  };
  const begin = performance.now();
  const c = await multiply();
  const elapsedMs = performance.now() - begin;
  const { peakBytes } = sg.memory();
  const aboveBytes = peakBytes - 3 * MATRIX_BYTES;
  const [left, right, result] = await Promise.all([a.data(), b.data(), c.data()]);
  c.dispose();
  let error = 0;
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const at = Math.floor((sample * SIDE * SIDE) / SAMPLES);
    const [row, column] = [Math.floor(at / SIDE), at % SIDE];
    let total = 0;
    for (let k = 0; k < SIDE; k += 1) {
      total += Number(left[row * SIDE + k]) * Number(right[k * SIDE + column]);
    }
    error = Math.max(error, errorOf(Number(result[at]), total, FLOOR));
  }
  return {
    ours: { ...summary([elapsedMs]), worstError: error },
    details: { peakBytes, aboveBytes },
    notes: [`${(aboveBytes / 2 ** 20).toFixed(1)} MB above the three matrices`],
    failures: error <= TOLERANCE ? [] : [`the product is off by ${error}`],
    again: async () => (await multiply()).dispose(),
    dispose() {
      a.dispose();
      b.dispose();
    },
  };
}

export const mm4096Peak: StudyWorkload = {
  kind: "study",
  name: "mm4096Peak",
  about: "shared memory above the three matrices of a 4096 × 4096 product",
  study,
};
