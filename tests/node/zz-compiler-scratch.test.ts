import { test } from "vitest";
import * as sg from "../../src/index.ts";
test("x", async () => {
  await sg.configure({ inline: true });
  const x = sg.tensor(new Float32Array([3e38, 1e5, 1e6,1e7,1e8,1e10,1e20,1e30]));
  console.log(await x.sin().data(), await x.cos().data());
  console.log(...(await x.data()).map(Math.sin));
});
