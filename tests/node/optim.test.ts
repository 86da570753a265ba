// Optimizers and schedules on the inline runtime: what the corpus does not say of them. A step is one
// pass over each parameter, compiles nothing once it has run, and can be saved, loaded and captured.

import { beforeAll, describe, expect, test, vi } from "vitest";
import { fuse } from "../../src/compiler/fuse.ts";
import { plan } from "../../src/compiler/plan.ts";
import { printKernel } from "../../src/compiler/print.ts";
import { schedule } from "../../src/compiler/schedule.ts";
import {
  capture,
  configure,
  lastProgram,
  noGrad,
  stats,
  type Tensor,
  tensor,
} from "../../src/index.ts";
import { utils } from "../../src/nn.ts";
import * as optim from "../../src/optim.ts";
import { Collector, graphOf } from "../../src/realize/collect.ts";

beforeAll(() => configure({ inline: true }));

const { lrScheduler } = optim;

/** Elements that differ, and are the same at each run. */
const wave = (length: number, phase = 0): Float32Array =>
  Float32Array.from({ length }, (_, i) => Math.sin(i + 1 + phase));

const leaf = (length: number, phase = 0): Tensor =>
  tensor(wave(length, phase), { requiresGrad: true });

const lossOf = (params: readonly Tensor[]): Tensor =>
  params
    .map((p, at) =>
      p
        .sub(at + 1)
        .pow(2)
        .sum(),
    )
    .reduce((sum, term) => sum.add(term));

/** Forward, backward and a step, all in one tick. */
async function train(
  optimizer: optim.Optimizer,
  params: readonly Tensor[],
  { steps, scheduler }: { steps: number; scheduler?: optim.lrScheduler.LRScheduler },
): Promise<number> {
  let last = 0;
  for (let count = 0; count < steps; count++) {
    optimizer.zeroGrad();
    const loss = lossOf(params);
    loss.backward();
    optimizer.step();
    scheduler?.step();
    last = Number(await loss.item());
  }
  return last;
}

const elementwise = {
  SGD: (params: Tensor[]) => new optim.SGD(params, { lr: 0.1, momentum: 0.9, weightDecay: 0.01 }),
  Adam: (params: Tensor[]) => new optim.Adam(params, { lr: 0.1, amsgrad: true }),
  AdamW: (params: Tensor[]) => new optim.AdamW(params, { lr: 0.1 }),
  Adamax: (params: Tensor[]) => new optim.Adamax(params, { lr: 0.1, weightDecay: 0.01 }),
  NAdam: (params: Tensor[]) => new optim.NAdam(params, { lr: 0.1 }),
  RAdam: (params: Tensor[]) => new optim.RAdam(params, { lr: 0.1 }),
  Adagrad: (params: Tensor[]) => new optim.Adagrad(params, { lr: 0.5, lrDecay: 0.01 }),
  Adadelta: (params: Tensor[]) => new optim.Adadelta(params),
  RMSprop: (params: Tensor[]) =>
    new optim.RMSprop(params, { lr: 0.1, centered: true, momentum: 0.5 }),
  Rprop: (params: Tensor[]) => new optim.Rprop(params, { lr: 0.1 }),
  ASGD: (params: Tensor[]) => new optim.ASGD(params, { lr: 0.1, t0: 3 }),
};
const names = Object.keys(elementwise) as (keyof typeof elementwise)[];

describe("a step", () => {
  test.each(names)(
    "of %s is one kernel over a parameter, its gradient and its state",
    async (name) => {
      const param = leaf(1000);
      const optimizer = elementwise[name]([param]);
      for (let count = 0; count < 3; count++) {
        param.grad = await tensor(wave(1000, count)).realize();
        await optimizer.step();
      }
      expect(lastProgram()?.launches.map(({ label }) => label)).toHaveLength(1);
    },
  );

  test("of Adam reads and writes everything once", async () => {
    const param = leaf(1000);
    const optimizer = new optim.Adam([param], { lr: 0.1 });
    param.grad = await tensor(wave(1000)).realize();
    await optimizer.step();
    const done = optimizer.step();
    const collector = new Collector();
    const { expAvg, expAvgSq } = optimizer.state.get(param) as Record<string, Tensor>;
    for (const one of [expAvg, expAvgSq, param]) collector.want((one as Tensor).value.node);
    const steps = schedule(graphOf(collector.finish()));
    const { kernels } = plan(fuse(steps), steps.length);
    expect(kernels.map(printKernel).join("\n")).toMatchInlineSnapshot(`
      "map [1000]  average·averageSquares·adam [1000]
        v0 = load input 0 (1)
        v1 = load input 1 (1)
        v2 = f32 scalar 0
        v3 = t0 = sub.f32 v1 v0; t1 = mul.f32 v2 t0; t2 = add.f32 v0 t1
        v4 = load input 2 (1)
        v5 = f32 scalar 1
        v6 = f32 scalar 2
        v7 = t0 = mul.f32 v4 v5; t1 = mul.f32 v1 v6; t2 = mul.f32 t1 v1; t3 = add.f32 t0 t2
        v8 = load input 3 (1)
        v9 = f32 1
        v10 = f32 scalar 3
        v11 = f32 scalar 4
        v12 = f32 scalar 5
        v13 = t0 = mul.f32 v8 v9; t1 = mul.f32 v3 v10; t2 = sqrt.f32 v7; t3 = div.f32 t2 v11; t4 = add.f32 t3 v12; t5 = div.f32 t1 t4; t6 = sub.f32 t0 t5
        output 0 (1) ← v3
        output 1 (1) ← v7
        output 2 (1) ← v13"
    `);
    await done;
  });

  test("compiles nothing once two have been made, whatever the rate", async () => {
    const params = [leaf(64), leaf(32, 1)];
    const optimizer = new optim.Adam(params, 1);
    vi.spyOn(console, "warn").mockReturnValue(undefined);
    // Rates of 0, ½ and 1 on its way would be structure were they constants.
    const scheduler = new lrScheduler.LambdaLR(optimizer, (epoch) => (epoch % 5) / 4);
    await train(optimizer, params, { steps: 3, scheduler });
    const { compiles } = stats();
    await train(optimizer, params, { steps: 47, scheduler });
    expect(stats().compiles).toBe(compiles);
  });

  test.each(names)("of %s goes downhill", async (name) => {
    const params = [leaf(6), leaf(3, 1)];
    const optimizer = elementwise[name](params);
    const first = await train(optimizer, params, { steps: 1 });
    expect(await train(optimizer, params, { steps: 20 })).toBeLessThan(first);
  });

  test("leaves parameters without a gradient alone", async () => {
    const [used, unused] = [leaf(4), leaf(4)];
    const optimizer = new optim.Adam([used, unused], { lr: 0.1, weightDecay: 0.1 });
    used.sum().backward();
    await optimizer.step();
    expect(Array.from(await unused.data())).toEqual(Array.from(wave(4)));
    expect(Object.keys(optimizer.stateDict().state)).toEqual(["0"]);
  });

  test("calls a closure with the Tape on, and resolves to its loss", async () => {
    const param = leaf(4);
    const optimizer = new optim.SGD([param], 0.1);
    const loss = await noGrad(() =>
      optimizer.step(() => {
        optimizer.zeroGrad();
        const one = param.mul(param).sum();
        one.backward();
        return one;
      }),
    );
    expect(await loss.item()).toBeCloseTo(wave(4).reduce((sum, x) => sum + x * x, 0));
  });

  test("takes a rate that is a tensor, which a schedule fills", async () => {
    const [param, other] = [leaf(4), leaf(4)];
    const rate = tensor(0.5);
    const [byTensor, byNumber] = [new optim.Adam([param], rate), new optim.Adam([other], 0.5)];
    vi.spyOn(console, "warn").mockReturnValue(undefined);
    const schedules = [byTensor, byNumber].map((one) => new lrScheduler.ExponentialLR(one, 0.5));
    for (let count = 0; count < 3; count++) {
      for (const [at, p] of [param, other].entries()) {
        p.grad = null;
        p.pow(2).sum().backward();
        await [byTensor, byNumber][at]?.step();
        schedules[at]?.step();
      }
    }
    const expected = await other.data();
    (await param.data()).forEach((x, at) => void expect(x).toBeCloseTo(expected[at] as number, 5));
    expect(await rate.item()).toBeCloseTo(0.0625);
  });

  test("runs hooks before and after, until they are removed", async () => {
    const optimizer = new optim.SGD([leaf(2)], 0.1);
    const seen: string[] = [];
    const before = optimizer.registerStepPreHook(() => void seen.push("before"));
    optimizer.registerStepPostHook((one) => void seen.push(one === optimizer ? "after" : "?"));
    await optimizer.step();
    before.remove();
    await optimizer.step();
    expect(seen).toEqual(["before", "after", "after"]);
  });
});

describe("capture", () => {
  test.each(["Adam", "NAdam", "RAdam", "ASGD"] as const)(
    "replays %s with the counts and rates of each step",
    async (name) => {
      const [captured, recorded] = [leaf(8), leaf(8)];
      const [one, other] = [elementwise[name]([captured]), elementwise[name]([recorded])];
      const stepOf = (optimizer: optim.Optimizer, param: Tensor) => (target: Tensor) => {
        optimizer.zeroGrad();
        const loss = param.sub(target).pow(2).sum();
        loss.backward();
        optimizer.step();
        return loss;
      };
      const replay = capture(stepOf(one, captured));
      const plain = stepOf(other, recorded);
      for (let count = 0; count < 12; count++) {
        for (const { paramGroups } of [one, other]) {
          for (const group of paramGroups) (group as { lr: number }).lr = 0.1 / (count + 1);
        }
        const target = tensor(wave(8, count));
        const loss = await replay(target);
        expect(await loss.item()).toBe(await plain(target).item());
      }
      expect(stats().replays).toBeGreaterThan(0);
      expect(one.stateDict().state[0]?.step).toBe(12);
    },
  );
});

describe("a state dict", () => {
  test.each(names)("of %s can be saved and loaded in the middle", async (name) => {
    const params = [leaf(6), leaf(3, 1)];
    const optimizer = elementwise[name](params);
    await train(optimizer, params, { steps: 4 });
    const saved = optimizer.stateDict();
    const copies = params.map((param) => param.detach().clone().requiresGrad_());
    const second = elementwise[name](copies);
    second.loadStateDict(saved);
    await train(optimizer, params, { steps: 3 });
    await train(second, copies, { steps: 3 });
    for (const [at, param] of params.entries()) {
      expect(await copies[at]?.data()).toEqual(await param.data());
    }
  });

  test("has PyTorch's keys", async () => {
    const params = [leaf(2), leaf(2, 1)];
    const optimizer = new optim.Adam([
      { params: params[0] as Tensor },
      { params: [params[1] as Tensor], weightDecay: 0.1 },
    ]);
    await train(optimizer, params, { steps: 1 });
    const { state, param_groups } = optimizer.stateDict();
    expect(Object.keys(state[1] ?? {})).toEqual(["step", "exp_avg", "exp_avg_sq"]);
    expect(param_groups.map((group) => group.params)).toEqual([[0], [1]]);
    expect(param_groups[1]).toMatchObject({
      lr: 0.001,
      betas: [0.9, 0.999],
      weight_decay: 0.1,
      decoupled_weight_decay: false,
    });
  });

  test("of other groups is refused", () => {
    const [a, b] = [leaf(2), leaf(2)];
    const one = new optim.SGD([a]);
    expect(() =>
      new optim.SGD([{ params: a }, { params: b }]).loadStateDict(one.stateDict()),
    ).toThrow("different number of parameter groups");
    expect(() => new optim.SGD([a, b]).loadStateDict(one.stateDict())).toThrow(
      "doesn't match the size of optimizer's group",
    );
  });

  test("takes PyTorch's step, which is a tensor", async () => {
    const param = leaf(2);
    const optimizer = new optim.Adam([param]);
    await train(optimizer, [param], { steps: 2 });
    const saved = optimizer.stateDict();
    const step = await tensor(7).realize();
    optimizer.loadStateDict({ ...saved, state: { 0: { ...saved.state[0], step } } });
    expect(optimizer.state.get(param)?.step).toBe(7);
  });

  test.each([
    ["StepLR", (one: optim.Optimizer) => new lrScheduler.StepLR(one, 2)],
    ["OneCycleLR", (one: optim.Optimizer) => new lrScheduler.OneCycleLR(one, 1, 10)],
    ["CyclicLR", (one: optim.Optimizer) => new lrScheduler.CyclicLR(one, 0.1, 1, 3)],
    ["ReduceLROnPlateau", (one: optim.Optimizer) => new lrScheduler.ReduceLROnPlateau(one)],
    [
      "SequentialLR",
      (one: optim.Optimizer) =>
        new lrScheduler.SequentialLR(
          one,
          [new lrScheduler.ConstantLR(one, 0.5, 2), new lrScheduler.StepLR(one, 1)],
          [3],
        ),
    ],
  ])("of %s continues where it was", (_, make) => {
    vi.spyOn(console, "warn").mockReturnValue(undefined);
    const sgd = () => new optim.SGD([leaf(2)], { lr: 0.1, momentum: 0.9 });
    const [one, other] = [sgd(), sgd()];
    const [first, second] = [make(one), make(other)];
    for (let count = 0; count < 4; count++) first.step(1);
    second.loadStateDict(first.stateDict());
    other.loadStateDict(one.stateDict());
    for (let count = 0; count < 4; count++) {
      first.step(1);
      second.step(1);
      expect(second.getLastLr()).toEqual(first.getLastLr());
    }
  });
});

describe("groups", () => {
  test("have settings of their own, and may be added later", async () => {
    const [fast, slow, late] = [leaf(2), leaf(2), leaf(2)];
    const optimizer = new optim.SGD([{ params: fast, lr: 1 }, { params: [slow] }], 0.1);
    optimizer.addParamGroup({ params: late, lr: 0.5 });
    for (const param of [fast, slow, late]) param.sum().backward();
    await optimizer.step();
    const moves = [fast, slow, late].map(async (param) => wave(1)[0]! - (await param.data())[0]!);
    const expected = [1, 0.1, 0.5];
    for (const [at, move] of (await Promise.all(moves)).entries()) {
      expect(move).toBeCloseTo(expected[at] as number);
    }
  });

  test("may be of named parameters", () => {
    const optimizer = new optim.SGD([["weight", leaf(2)] as const, ["bias", leaf(1)] as const]);
    expect(optimizer.paramGroups[0]?.paramNames).toEqual(["weight", "bias"]);
    expect(optimizer.stateDict().param_groups[0]?.param_names).toEqual(["weight", "bias"]);
  });

  test("print as PyTorch's", () => {
    expect(String(new optim.SGD([leaf(1)], 0.5))).toContain(
      "SGD (\nParameter Group 0\n    dampening: 0",
    );
  });

  test.each<[string, () => unknown]>([
    ["Adam: Invalid learning rate: -1", () => new optim.Adam([leaf(1)], -1)],
    ["lrr: did you mean lr?", () => new optim.Adam([leaf(1)], { lrr: 1 } as object)],
    ["optimizer got an empty parameter list", () => new optim.SGD([])],
    ["should be an iterable of Tensors", () => new optim.SGD(leaf(1) as never)],
    ["can't optimize a non-leaf Tensor", () => new optim.SGD([leaf(1).mul(2)])],
    ["can only optimize Tensors", () => new optim.SGD([1 as never])],
    ["Nesterov momentum requires", () => new optim.SGD([leaf(1)], { nesterov: true })],
    ["differentiable is not supported", () => new optim.SGD([leaf(1)], { differentiable: true })],
    ["step wants a closure", () => new optim.LBFGS([leaf(1)]).step()],
    ["Muon only supports 2D", () => new optim.Muon([leaf(1)])],
    ["is not an Optimizer", () => new lrScheduler.StepLR({} as never, 1)],
  ])("refuse with %s", (text, make) => {
    expect(make).toThrow(text);
  });
});

test("zeroGrad drops the gradients, or fills them with zeros", async () => {
  const param = leaf(2);
  const optimizer = new optim.SGD([param]);
  param.sum().backward();
  const { grad } = param;
  optimizer.zeroGrad({ setToNone: false });
  expect(param.grad).toBe(grad);
  expect(Array.from((await grad?.data()) ?? [])).toEqual([0, 0]);
  optimizer.zeroGrad();
  expect(param.grad).toBeNull();
});

test("LBFGS finds the least point, and compiles nothing while its history grows", async () => {
  const param = leaf(5);
  const optimizer = new optim.LBFGS([param], { lineSearchFn: "strong_wolfe" });
  const target = tensor(wave(5, 3));
  const closure = () => {
    optimizer.zeroGrad();
    const loss = param.sub(target).pow(4).sum().add(param.pow(2).sum().mul(0.1));
    loss.backward();
    return loss;
  };
  await optimizer.step(closure);
  const { compiles } = stats();
  const before = Number(await (await optimizer.step(closure)).item());
  expect(stats().compiles - compiles).toBeLessThan(4);
  const after = await optimizer.step(closure);
  expect(await after.item()).toBeLessThanOrEqual(before);
  expect(Number(await param.grad?.abs().max().item())).toBeLessThan(1e-3);
});

test("clipGradNorm_ can refuse gradients that are not finite, and leaves them as they are", async () => {
  const param = leaf(2);
  param.grad = tensor([Infinity, 1]);
  await expect(utils.clipGradNorm_([param], 1, { errorIfNonfinite: true })).rejects.toThrow(
    "The total norm of order 2",
  );
  expect(Array.from(await param.grad.data())).toEqual([Infinity, 1]);
  expect(await utils.clipGradNorm_(new Set([param]), 1, Infinity).item()).toBe(Infinity);
});
