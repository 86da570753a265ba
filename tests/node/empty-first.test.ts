// Alone in its file, for what is kept of a rule is kept for good: the first call of each is of nothing.

import { expect, test } from "vitest";
import { configure, ones } from "../../src/index.ts";

test("a product of nothing does not tell what other products' derivatives read", async () => {
  await configure({ inline: true });
  const weight = ones([2, 3], { requiresGrad: true });
  await ones([0, 2]).mm(weight).sum().backward();
  const x = ones([4, 2], { requiresGrad: true });
  const y = x.mm(weight).sum();
  await y.backward();
  expect(() => y.backward()).toThrow("a second time");
  expect(await x.grad?.tolist()).toEqual(Array(4).fill([3, 3]));
  weight.detach().add_(1);
  expect(await x.mm(weight).sum().item()).toBe(48);
});
