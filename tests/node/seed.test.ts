import { expect, test } from "vitest";
import { configure, ones } from "../../src/index.ts";

test("the seed program prints PyTorch's three blocks", async () => {
  await configure({ inline: true });
  const x = ones([2, 2], { requiresGrad: true });
  const y = x.add(2);
  const z = y.mul(y).mul(3);
  const out = z.mean();
  await out.backward();
  expect(String(await z.realize())).toBe(
    "tensor([[27., 27.],\n        [27., 27.]], grad_fn=<MulBackward0>)",
  );
  expect(String(await out.realize())).toBe("tensor(27., grad_fn=<MeanBackward0>)");
  expect(String(await x.grad?.realize())).toBe(
    "tensor([[4.5000, 4.5000],\n        [4.5000, 4.5000]])",
  );
});
