// What users see of a tensor: making, reading, printing, the seed program.

import { beforeEach, describe, expect, test, vi } from "vitest";
import * as sg from "../../src/index.ts";

vi.mock("../../src/realize.ts", () => import("./realize-double.ts"));

const { arange, float, full, ones, randn, tensor, zeros } = sg;

test("the seed program behaves word for word", async () => {
  const x = ones([2, 2], { requiresGrad: true });
  expect(x.isLeaf).toBe(true);
  expect(x.gradFn).toBeNull();
  const y = x.add(2);
  const z = y.mul(y).mul(3);
  const out = z.mean();
  await out.backward();
  expect(String(await z.realize())).toBe(
    "tensor([[27., 27.],\n        [27., 27.]], grad_fn=<MulBackward0>)",
  );
  expect(String(await out.realize())).toBe("tensor(27., grad_fn=<MeanBackward0>)");
  expect(String(x.grad)).toBe("tensor([[4.5000, 4.5000],\n        [4.5000, 4.5000]])");
  const warn = vi.spyOn(console, "warn").mockReturnValue(undefined);
  expect(y.grad).toBeNull();
  expect(warn).toHaveBeenCalledOnce();
  expect(warn.mock.calls[0]?.[0]).toContain("not a leaf");
  warn.mockRestore();
});
