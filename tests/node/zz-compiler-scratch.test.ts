import { test } from "vitest";
import * as sg from "../../src/index.ts";
test("x", async () => {
  await sg.configure({ inline: true });
  for (const early of [false, true]) for (const wait of [false, true]) {
  const t0 = sg.tensor(new Int32Array([0,1,2,3,4,5,6,7,8])).reshape([3, 3]);
  if (early) void t0.realize();
  if (wait) await t0.realize();
  const t1 = t0.permute([1, 0]);
  t0.copy_(t1);
  const t3 = t0.diagonal(-1);
  const [a, b, c] = [t0.data(), t3.data(), t1.data()];
  console.log(early, wait, String(await a), String(await b), String(await c));
  }
});
