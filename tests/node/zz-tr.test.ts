import { test } from "vitest";
import { configure, stats, capture } from "../../src/index.ts";
import { trained, training } from "../curves/training.ts";
test("tr", async () => {
  await configure({ inline: true });
  for (const name of ["mlp","gpt"] as const) {
  const t = training(name);
  let s = JSON.stringify(stats()); 
  await trained({ ...t, step: (x, y) => { console.log(JSON.stringify(stats())); return t.step(x, y); } }, 4);
  console.log(s, "\nend", JSON.stringify(stats()));
  }
});
