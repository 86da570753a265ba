// Autograd as users meet it: backward, grad, hooks, modes, functions of their own, gradcheck.

import { afterEach, describe, expect, test, vi } from "vitest";
import type { Tensor } from "../../src/index.ts";
import * as sg from "../../src/index.ts";
import { failNextRequest } from "./realize-double.ts";

vi.mock("../../src/realize.ts", () => import("./realize-double.ts"));

const { grad, noGrad, ones, tensor, zeros } = sg;

const leaf = (data: number[]) => tensor(data, { dtype: "float64", requiresGrad: true });
const list = (x: Tensor | null) => x?.tolist() ?? null;

afterEach(() => {
  vi.restoreAllMocks();
});

describe("backward", () => {
  test("gradients are there at once, lazy, and accumulate", async () => {
    const x = leaf([1, 2]);
    const done = x.mul(2).sum().backward();
    expect(x.grad).not.toBeNull();
    await done;
    expect(x.grad?.dataSync()).toEqual(new Float64Array([2, 2]));
    const first = x.grad;
    await x.mul(3).sum().backward();
    expect(x.grad).toBe(first);
    expect(await list(x.grad)).toEqual([5, 5]);
    x.grad = null;
    await x.mul(x).sum().backward();
    expect(await list(x.grad)).toEqual([2, 4]);
  });

  test("mistakes throw on the caller's line, not in the promise", () => {
    const x = leaf([1, 2]);
    expect(() => x.backward()).toThrow("grad can be implicitly created only for scalar outputs");
    expect(() => x.backward(ones(3, { dtype: "float64" }))).toThrow(
      "gradOutput[0] has a shape of [3] and output[0] has a shape of [2]",
    );
    expect(() => zeros(1).backward()).toThrow("does not require grad and does not have a gradFn");
    expect(() => x.sum().backward(null, { retainGrap: true } as object)).toThrow(
      "did you mean retainGraph?",
    );
  });

  test("a second time only through a retained graph", async () => {
    const x = leaf([1, 2]);
    const y = x.mul(x).sum();
    await y.backward(null, { retainGraph: true });
    await y.backward();
    expect(await list(x.grad)).toEqual([4, 8]);
    expect(() => y.backward()).toThrow("backward through the graph a second time");
  });

  test("with inputs, only they receive", async () => {
    const [x, w] = [leaf([1, 2]), leaf([3, 4])];
    await x
      .mul(w)
      .sum()
      .backward({ inputs: [x] });
    expect(await list(x.grad)).toEqual([3, 4]);
    expect(w.grad).toBeNull();
  });

  test("from several tensors in one walk", async () => {
    const x = leaf([1, 2]);
    const y = x.mul(2);
    await sg.backward([y.sum(), y.mul(y).sum()]);
    expect(await list(x.grad)).toEqual([10, 18]);
  });

  test("a failure rejects for who awaits, crashes nobody else, and the gradient was never there", async () => {
    const x = leaf([1, 2]);
    const cause = new Error("worker died");
    failNextRequest(cause);
    await expect(x.mul(2).sum().backward()).rejects.toBe(cause);
    expect(x.grad).toBeNull();
    failNextRequest(cause);
    void x.mul(2).sum().backward();
    await new Promise((resolve) => setTimeout(resolve));
    await x.mul(2).sum().backward();
    expect(await list(x.grad)).toEqual([2, 2]);
  });

  test("a gradient that was there before a failure is there after it", async () => {
    const x = leaf([1, 2]);
    await x.mul(2).sum().backward();
    await x.grad?.realize();
    failNextRequest(new Error("worker died"));
    await expect(x.mul(3).sum().backward()).rejects.toThrow("worker died");
    expect(x.grad).not.toBeNull();
  });

  test("createGraph records the gradient", async () => {
    const warn = vi.spyOn(console, "warn").mockReturnValue(undefined);
    const x = leaf([1, 2]);
    await x.pow(3).sum().backward({ createGraph: true });
    expect(warn).toHaveBeenCalledOnce();
    expect(x.grad?.gradFn?.name).toBe("CopyBackwards");
    const [second] = grad((x.grad as Tensor).sum(), x);
    expect(await list(second as Tensor)).toEqual([6, 12]);
  });

  test("leaves that alias a gradient see it grow", async () => {
    const x = leaf([1, 2]);
    await x.sum().backward();
    const alias = x.grad?.view(2, 1);
    await x.sum().backward();
    expect(await list(alias ?? null)).toEqual([[2], [2]]);
  });
});

describe("grad", () => {
  test("returns lazy gradients and leaves .grad alone", async () => {
    const x = tensor(3, { dtype: "float32", requiresGrad: true });
    const [g] = grad(x.pow(3), x, { createGraph: true });
    const [h] = grad(g as Tensor, x, { createGraph: true });
    expect(g?.gradFn?.name).toBe("MulBackward0");
    expect([await g?.item(), await h?.item()]).toEqual([27, 18]);
    expect(x.grad).toBeNull();
  });

  test("of what does not depend on the input", async () => {
    const [x, y] = [leaf([1]), leaf([2])];
    expect(() => grad(x.sum(), y)).toThrow("appears to not have been used in the graph");
    expect(grad(x.sum(), y, { allowUnused: true })).toEqual([null]);
    const [zero] = grad(x.sum(), y, { materializeGrads: true });
    expect(await list(zero as Tensor)).toEqual([0]);
    expect(() => grad(x.sum(), zeros(1))).toThrow("does not require grad");
  });

  test("with respect to what is no leaf, with cotangents", async () => {
    const x = leaf([1, 2]);
    const y = x.mul(2);
    const [g] = grad(y.mul(y), [y], { gradOutputs: tensor([1, 10], { dtype: "float64" }) });
    expect(await list(g as Tensor)).toEqual([4, 80]);
  });
});

describe("modes", () => {
  test("noGrad and enableGrad nest, and are undone by an exception", () => {
    const x = leaf([1]);
    noGrad(() => {
      expect(sg.isGradEnabled()).toBe(false);
      expect(x.mul(2).requiresGrad).toBe(false);
      expect(sg.enableGrad(() => x.mul(2)).requiresGrad).toBe(true);
      expect(ones(1, { requiresGrad: true }).requiresGrad).toBe(true);
    });
    expect(() =>
      noGrad(() => {
        throw new Error("inside");
      }),
    ).toThrow("inside");
    expect(sg.isGradEnabled()).toBe(true);
  });

  test("an async function is refused with the reason", () => {
    expect(() => noGrad(async () => 1)).toThrow("must not be async");
    expect(sg.isGradEnabled()).toBe(true);
  });
});

describe("the Tape", () => {
  test("shows names and edges", () => {
    const x = leaf([1, 2]);
    const y = x.mul(2).sum();
    const node = y.gradFn as sg.GraphNode;
    expect(node.name).toBe("SumBackward0");
    const [[multiply, output]] = node.nextFunctions as [[sg.GraphNode, number]];
    expect([multiply.name, output]).toEqual(["MulBackward0", 0]);
    const names = multiply.nextFunctions.map(([next]) => next?.name ?? null);
    expect(names).toEqual(["AccumulateGrad", null]);
    expect(y.gradFn).toBe(node);
  });

  test("two equal calls have two entries, x·1 is not x", async () => {
    const x = leaf([1, 2]);
    const y = x.mul(1);
    expect(y.isLeaf).toBe(false);
    expect(y.gradFn).not.toBe(x.mul(1).gradFn);
    const z = y.mul(y.detach());
    await z.sum().backward();
    expect(await list(x.grad)).toEqual([1, 2]);
  });

  test("requiresGrad of a computed tensor cannot be turned off", () => {
    expect(() => leaf([1]).mul(2).requiresGrad_(false)).toThrow("leaf");
  });
});

describe("hooks", () => {
  test("see and replace the gradient, in order, and can be removed", async () => {
    const x = leaf([1, 1]);
    const y = x.mul(3);
    const seen: Tensor[] = [];
    y.registerHook((g) => void seen.push(g));
    y.registerHook((g) => g.add(1));
    y.registerHook((g) => g.mul(2));
    y.registerHook((g) => g.mul(100)).remove();
    await y.sum().backward();
    expect(await list(x.grad)).toEqual([12, 12]);
    expect(await list(seen[0] as Tensor)).toEqual([1, 1]);
  });

  test("run at leaves and before a gradient is retained", async () => {
    const x = leaf([1]);
    x.registerHook((g) => g.mul(2));
    const y = x.mul(2);
    y.retainGrad();
    y.registerHook((g) => g.mul(5));
    await y.sum().backward();
    expect(await list(y.grad)).toEqual([5]);
    expect(await list(x.grad)).toEqual([20]);
    expect(y.retainsGrad).toBe(true);
  });

  test("after accumulation, for leaves", async () => {
    const x = leaf([1]);
    const log: Tensor[] = [];
    const handle = x.registerPostAccumulateGradHook((p) => {
      log.push(p.grad as Tensor);
      p.grad = null;
    });
    await x.mul(4).sum().backward();
    handle.remove();
    await x.mul(5).sum().backward();
    expect(log).toHaveLength(1);
    expect(await list(log[0] as Tensor)).toEqual([4]);
    expect(await list(x.grad)).toEqual([5]);
    expect(() => x.mul(2).registerPostAccumulateGradHook(() => undefined)).toThrow("non-leaf");
  });

  test("must be synchronous and keep the size", () => {
    const x = leaf([1, 2]);
    expect(() => x.registerHook((async () => null) as never)).toThrow("must not be async");
    const handle = x.registerHook((() => Promise.resolve()) as never);
    expect(() => x.sum().backward()).toThrow("must not be async");
    handle.remove();
    x.registerHook((g) => g.sum());
    expect(() => x.sum().backward()).toThrow(
      "changed the size of the gradient: wanted [2], got []",
    );
    expect(() => zeros(1).registerHook((g) => g)).toThrow("doesn't require gradient");
  });
});

class Cube extends sg.Function {
  static forward(ctx: sg.FunctionContext, x: Tensor, scale: number): Tensor {
    ctx.saveForBackward(x);
    ctx.scale = scale;
    return x.pow(3).mul(scale);
  }

  static backward(ctx: sg.FunctionContext, g: Tensor): (Tensor | null)[] {
    const [x] = ctx.savedTensors as [Tensor];
    return [g.mul(x.square()).mul(3 * (ctx.scale as number)), null];
  }
}

class SplitSign extends sg.Function {
  static forward(ctx: sg.FunctionContext, x: Tensor): Tensor[] {
    const outputs = [x.relu(), x.neg().relu(), x.gt(0)];
    ctx.saveForBackward(outputs[0] as Tensor);
    ctx.markNonDifferentiable(outputs[2] as Tensor);
    expect(ctx.needsInputGrad).toEqual([true]);
    return outputs;
  }

  static backward(ctx: sg.FunctionContext, positive: Tensor, negative: Tensor): Tensor {
    const mask = (ctx.savedTensors[0] as Tensor).gt(0);
    return sg.where(mask, positive, negative.neg());
  }
}

describe("functions of one's own", () => {
  test("forward, backward, and backward of backward", async () => {
    const x = leaf([1, 2]);
    const y = Cube.apply(x, 2);
    expect(y.gradFn?.name).toBe("CubeBackward");
    const [g] = grad(y.sum(), x, { createGraph: true });
    expect(await list(g as Tensor)).toEqual([6, 24]);
    expect(await list(grad((g as Tensor).sum(), x)[0] as Tensor)).toEqual([12, 24]);
    expect(await sg.gradcheck((x) => Cube.apply(x, 2), x)).toBe(true);
    expect(await sg.gradgradcheck((x) => Cube.apply(x, 2), x)).toBe(true);
  });

  test("several outputs, of which some have no gradient", async () => {
    const x = leaf([-1, 2]);
    const [p, n, mask] = SplitSign.apply(x) as [Tensor, Tensor, Tensor];
    expect([p.requiresGrad, mask.requiresGrad]).toEqual([true, false]);
    await p.mul(2).sum().add(n.mul(3).sum()).backward();
    expect(await list(x.grad)).toEqual([-3, 2]);
  });

  test("saved tensors are guarded", () => {
    const x = leaf([1, 2]);
    const twice = Cube.apply(x, 1).sum();
    void twice.backward();
    expect(() => twice.backward()).toThrow("a second time");
    const changed = Cube.apply(x, 1).sum();
    noGrad(() => x.add_(1));
    expect(() => changed.backward()).toThrow("modified by an inplace operation");
  });

  test("without recording it is only forward", () => {
    expect(noGrad(() => Cube.apply(leaf([1]), 1)).requiresGrad).toBe(false);
  });

  test("a wrong number of gradients is an error", () => {
    class Short extends sg.Function {
      static forward(_: sg.FunctionContext, x: Tensor, y: Tensor): Tensor {
        return x.add(y);
      }

      static backward(_: sg.FunctionContext, g: Tensor): Tensor {
        return g;
      }
    }
    const x = leaf([1]);
    expect(() => Short.apply(x, x).sum().backward()).toThrow("expected 2, got 1");
  });
});

describe("gradcheck", () => {
  test("accepts what is right, of both orders", async () => {
    const x = leaf([0.5, -1.5, 2]);
    const f = (x: Tensor) => x.sin().mul(x).sum().exp();
    expect(await sg.gradcheck(f, [x])).toBe(true);
    expect(await sg.gradgradcheck(f, [x])).toBe(true);
  });

  test("shows analytic and numeric side by side where it is wrong", async () => {
    class Wrong extends sg.Function {
      static forward(_: sg.FunctionContext, x: Tensor): Tensor {
        return x.square();
      }

      static backward(_: sg.FunctionContext, g: Tensor): Tensor {
        return g.mul(3);
      }
    }
    const f = (x: Tensor) => Wrong.apply(x);
    await expect(sg.gradcheck(f, leaf([1, 2]))).rejects.toThrow(
      /the gradient of output 0 \[2\] with respect to input 0 \[2\] is wrong.*\n.*analytic +numeric\n +0 +0 +3\.0000000 +2\.0000/,
    );
    expect(await sg.gradcheck(f, leaf([1, 2]), { raiseException: false })).toBe(false);
  });

  test("wants float64", async () => {
    const x = ones(2, { requiresGrad: true });
    await expect(sg.gradcheck((x) => x.mul(2), x)).rejects.toThrow("must be float64");
  });
});
