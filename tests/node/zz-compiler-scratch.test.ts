import { test } from "vitest";
import * as sg from "../../src/index.ts";
test("x", async () => {
  await sg.configure({ inline: true });
  const t0 = sg.tensor(new Float32Array(0)).reshape([0]);
  const t1 = t0.div(2), t2 = t1.sum([0]);
  const t3 = sg.tensor(new Float32Array([-3.25])).reshape([]);
  const t4 = t2.add(t3);
  console.log(await Promise.all([t0, t1, t2, t3, t4].map((t) => t.data())));
});
