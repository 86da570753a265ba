// Modules: what they are made of, their state, their hooks, and the containers. What they compute is
// compared with PyTorch by the conformance run.

import { beforeAll, describe, expect, test } from "vitest";
import { configure, manualSeed, ones, type Tensor, tensor, zeros } from "../../src/index.ts";
import * as nn from "../../src/nn.ts";

beforeAll(async () => {
  await configure({ inline: "blocking" });
  manualSeed(7);
});

class Net extends nn.Module {
  fc1 = new nn.Linear(3, 2);
  normLayer = new nn.BatchNorm1d(2);
  blocks = new nn.ModuleList([new nn.Linear(2, 2), new nn.Linear(2, 2)]);
  scale = new nn.Parameter(ones([1]));

  override forward(x: Tensor): Tensor {
    const hidden = this.normLayer.call(this.fc1.call(x)).mul(this.scale);
    return [...this.blocks].reduce((passed, block) => block.call(passed), hidden);
  }
}

const input = () =>
  tensor(
    [
      [1, 2, 3],
      [3, -1, 0],
    ],
    { dtype: "float32" },
  );

describe("what a module is made of", () => {
  test("its own members first, then those of its children, named as in Python", () => {
    const names = new Net().namedParameters().map(([name]) => name);
    expect(names).toEqual([
      "scale",
      "fc1.weight",
      "fc1.bias",
      "norm_layer.weight",
      "norm_layer.bias",
      "blocks.0.weight",
      "blocks.0.bias",
      "blocks.1.weight",
      "blocks.1.bias",
    ]);
    expect(new Net().namedBuffers().map(([name]) => name)).toEqual([
      "norm_layer.running_mean",
      "norm_layer.running_var",
      "norm_layer.num_batches_tracked",
    ]);
    expect(new Net().namedModules().map(([name]) => name)).toEqual([
      "",
      "fc1",
      "norm_layer",
      "blocks",
      "blocks.0",
      "blocks.1",
    ]);
    expect(new Net().namedParameters("model", false).map(([name]) => name)).toEqual([
      "model.scale",
    ]);
  });

  test("what is shared is listed once, but stands twice in the state", () => {
    const one = new nn.Linear(2, 2, { bias: false });
    const twice = new nn.Sequential(one, one);
    expect(twice.parameters()).toHaveLength(1);
    expect(twice.children()).toHaveLength(1);
    expect(twice.namedParameters("", true, false)).toHaveLength(2);
    expect(Object.keys(twice.stateDict())).toEqual(["0.weight", "1.weight"]);
  });

  test("members are found by path", () => {
    const net = new Net();
    expect(net.getSubmodule("blocks.1")).toBe(net.blocks.at(1));
    expect(net.getSubmodule("")).toBe(net);
    expect(net.getParameter("norm_layer.weight")).toBe(net.normLayer.weight);
    expect(net.getBuffer("norm_layer.running_mean")).toBe(net.normLayer.runningMean);
    expect(() => net.getParameter("fc1.wheight")).toThrow(
      'Linear has no wheight (in "fc1.wheight")',
    );
    expect(() => net.getSubmodule("fc9.x")).toThrow("Net has no module fc9");
  });

  test("registered members; names that would hide a method are refused", () => {
    const net = new Net();
    net.registerBuffer("position", zeros([2]), { persistent: false });
    net.registerParameter("gate", null);
    net.registerModule("act", new nn.ReLU());
    expect(net.namedBuffers("", false).map(([name]) => name)).toEqual(["position"]);
    expect(Object.keys(net.stateDict())).not.toContain("position");
    expect(net.getSubmodule("act")).toBeInstanceOf(nn.ReLU);
    expect(() => net.registerBuffer("train", zeros([1]))).toThrow(
      'attribute "train" already exists',
    );
    expect(() => net.registerBuffer("a.b", zeros([1]))).toThrow("a name can be neither empty");
  });

  test("a Buffer among the properties needs no registration", () => {
    class Masked extends nn.Module {
      mask = new nn.Buffer(zeros([2]));
      cache = new nn.Buffer(zeros([1]), { persistent: false });
      other = zeros([1]);
      override forward(x: Tensor): Tensor {
        return x.add(this.mask);
      }
    }
    const masked = new Masked();
    expect(masked.namedBuffers().map(([name]) => name)).toEqual(["mask", "cache"]);
    expect(Object.keys(masked.stateDict())).toEqual(["mask"]);
    expect(nn.deepCopy(masked).mask).toBeInstanceOf(nn.Buffer);
    expect(masked.double().mask.dtype).toBe("float64");
  });

  test("train, eval, apply and requiresGrad_ reach all of it", () => {
    const net = new Net();
    expect(net.eval()).toBe(net);
    expect(net.modules().every((module) => !module.training)).toBe(true);
    expect(net.train().blocks.at(0).training).toBe(true);
    const seen: string[] = [];
    net.apply((module) => void seen.push(module.constructor.name));
    expect(seen).toEqual(["Linear", "BatchNorm1d", "Linear", "Linear", "ModuleList", "Net"]);
    net.requiresGrad_(false);
    expect(net.parameters().some((parameter) => parameter.requiresGrad)).toBe(false);
  });

  test("converts what is of floating point; tensors stay who they are, gradients follow", async () => {
    const net = new Net();
    const { weight } = net.fc1;
    await net.call(input()).sum().backward();
    net.double();
    expect(net.fc1.weight).toBe(weight);
    expect([weight.dtype, weight.grad?.dtype, weight.isLeaf]).toEqual(["float64", "float64", true]);
    expect(net.normLayer.numBatchesTracked?.dtype).toBe("int64");
    expect(net.call(input().double()).dtype).toBe("float64");
    net.zeroGrad();
    expect(weight.grad).toBeNull();
    await net.call(input().double()).sum().backward();
    expect(weight.grad?.dtype).toBe("float64");
    expect(() => net.to("int64")).toThrow("to: only accepts floating point dtypes, but got int64");
  });
});

describe("state", () => {
  test("is copied into the tensors that are there", async () => {
    const [from, to] = [new Net(), new Net()];
    await from.call(input()).sum().backward();
    const { weight } = to.fc1;
    expect(to.loadStateDict(from.stateDict())).toEqual({ missingKeys: [], unexpectedKeys: [] });
    expect(to.fc1.weight).toBe(weight);
    expect(await weight.tolist()).toEqual(await from.fc1.weight.tolist());
    expect(await to.normLayer.numBatchesTracked?.item()).toBe(1);
    expect(from.stateDict()["fc1.weight"]?.requiresGrad).toBe(false);
    expect(from.stateDict({ keepVars: true })["fc1.weight"]).toBe(from.fc1.weight);
  });

  test("what does not fit is told as PyTorch tells it", () => {
    const net = new nn.Sequential(new nn.Linear(2, 3), new nn.Linear(3, 1));
    const { "1.bias": _, ...state } = net.stateDict();
    const given = { ...state, "0.weight": ones([2, 3]), "2.weight": ones([1]), more: ones([1]) };
    expect(() => net.loadStateDict(given)).toThrow(
      "loadStateDict: Error(s) in loading state_dict for Sequential:\n" +
        '\tMissing key(s) in state_dict: "1.bias". \n' +
        '\tUnexpected key(s) in state_dict: "2.weight", "more". \n' +
        "\tsize mismatch for 0.weight: copying a param with shape torch.Size([2, 3]) from checkpoint, " +
        "the shape in current model is torch.Size([3, 2]).",
    );
    const { "0.weight": __, ...fitting } = given;
    expect(() => net.loadStateDict(fitting, true)).toThrow("Missing key(s)");
    expect(net.loadStateDict(fitting, { strict: false })).toEqual({
      missingKeys: ["0.weight", "1.bias"],
      unexpectedKeys: ["2.weight", "more"],
    });
  });

  test("hooks see it, and may change it", () => {
    const layer = new nn.Linear(1, 1);
    layer.registerStateDictPostHook((_, state) => ({ ...state, extra: ones([1]) }));
    layer.registerLoadStateDictPreHook((_, state) => void Reflect.deleteProperty(state, "extra"));
    const state = layer.stateDict();
    expect(Object.keys(state)).toEqual(["weight", "bias", "extra"]);
    layer.loadStateDict(state);
    expect(Object.keys(state)).toContain("extra");
  });

  test("a deep copy has tensors of its own, and shares what was shared", async () => {
    const shared = new nn.Linear(2, 2);
    const stack = new nn.Sequential(shared, shared, new nn.BatchNorm1d(2));
    const copy = nn.deepCopy(stack);
    expect(copy).toBeInstanceOf(nn.Sequential);
    expect(copy.at(0)).toBe(copy.at(1));
    expect(copy.at(0)).not.toBe(shared);
    expect(Object.keys(copy.stateDict())).toEqual(Object.keys(stack.stateDict()));
    nn.init.zeros_(shared.weight);
    expect(await (copy.at(0) as nn.Linear).weight.eq(0).any().item()).toBe(false);
    expect(copy.pop()).toBeInstanceOf(nn.BatchNorm1d);
    expect([copy.length, stack.length]).toEqual([2, 3]);
  });
});

describe("hooks", () => {
  const layer = () => {
    const made = new nn.Linear(2, 1, { bias: false });
    nn.init.constant_(made.weight, 3);
    return made;
  };

  test("around the forward pass, in order, until they are removed", async () => {
    const made = layer();
    const told: string[] = [];
    const pre = made.registerForwardPreHook((_, [x]) => {
      told.push("pre");
      return (x as Tensor).mul(2);
    });
    const post = made.registerForwardHook((module, [x], output) => {
      told.push(`${module.constructor.name} ${(x as Tensor).shape}`);
      return output.add(1);
    });
    made.registerForwardHook(() => void told.push("first"), { prepend: true });
    expect(await made.call(ones([1, 2])).item()).toBe(13);
    expect(told).toEqual(["pre", "first", "Linear 1,2"]);
    pre.remove();
    post.remove();
    expect(await made.call(ones([1, 2])).item()).toBe(6);
  });

  test("around the backward pass: gradients of inputs and outputs, which may be replaced", async () => {
    const made = layer();
    const seen: unknown[] = [];
    made.registerFullBackwardPreHook((_, [g]) => [g?.mul(10) ?? null]);
    made.registerFullBackwardHook((_, gradInput, gradOutput) => {
      seen.push(gradInput.length, gradOutput.length);
      return gradInput.map((g) => g?.neg() ?? null);
    });
    const x = ones([1, 2], { requiresGrad: true });
    await made.call(x).sum().backward();
    expect(seen).toEqual([1, 1]);
    expect(await x.grad?.tolist()).toEqual([[-30, -30]]);
    expect(await made.weight.grad?.tolist()).toEqual([[10, 10]]);
  });

  test("of a backward pass without gradients of inputs are called all the same", async () => {
    const made = layer();
    const seen: unknown[] = [];
    made.registerFullBackwardHook((_, gradInput, [g]) => void seen.push(gradInput, g?.shape));
    await made
      .call(ones([1, 2]))
      .sum()
      .backward();
    expect(seen).toEqual([[null], [1, 1]]);
  });
});

describe("constructors", () => {
  test("take any prefix by position and the rest by name, and say what is wrong", () => {
    expect(String(new nn.Linear(2, 3, { bias: false }))).toBe(
      "Linear(in_features=2, out_features=3, bias=False)",
    );
    expect(new nn.Linear(2, 3, true, null, "float64").weight.dtype).toBe("float64");
    expect(() => new nn.Linear(2, 3, { biass: false } as object)).toThrow(
      "Linear: biass: did you mean bias?",
    );
    expect(() => new nn.Linear(2.5, 3)).toThrow("Linear: inFeatures must be an integer, got 2.5");
    expect(() => new nn.Dropout(1.5)).toThrow(
      "Dropout: dropout probability has to be between 0 and 1, but got 1.5",
    );
    expect(() => new nn.Conv2d(3, 4, 3, { groups: 2 })).toThrow("divisible by groups");
    expect(() => new nn.Conv2d(3, 4, 3, { stride: 2, padding: "same" })).toThrow("not supported");
  });

  test("of a user's class name that class", () => {
    class Tall extends nn.Linear {}
    expect(String(new Tall(1, 2))).toBe("Tall(in_features=1, out_features=2, bias=True)");
    expect(() => new Tall("a" as unknown as number, 2)).toThrow("Tall: inFeatures must be");
  });

  test("a transposed convolution chooses among the sizes its stride leaves open", () => {
    const up = new nn.ConvTranspose1d(1, 1, 3, { stride: 2, padding: 1 });
    const x = ones([1, 1, 4]);
    expect(up.call(x).shape).toEqual([1, 1, 7]);
    expect(up.call(x, [8]).shape).toEqual([1, 1, 8]);
    expect(() => up.call(x, [9])).toThrow("outputSize along axis 0 must be between 7 and 8, got 9");
  });

  test("running statistics without a momentum are those of all batches alike", async () => {
    const norm = new nn.BatchNorm1d(1, { momentum: null });
    for (const values of [
      [1, 3],
      [5, 9],
    ]) {
      norm.call(tensor(values, { dtype: "float32" }).reshape(2, 1));
    }
    expect(await norm.runningMean?.item()).toBeCloseTo(4.5);
    expect(await norm.runningVar?.item()).toBeCloseTo(5);
  });

  test("an embedding's row of padding is 0; a pretrained table is not trained", async () => {
    const made = new nn.Embedding(4, 2, { paddingIdx: -1 });
    expect(made.paddingIdx).toBe(3);
    expect(await made.weight.select(0, 3).tolist()).toEqual([0, 0]);
    const given = nn.Embedding.fromPretrained(ones([3, 2]));
    expect([given.weight.requiresGrad, String(given)]).toEqual([false, "Embedding(3, 2)"]);
    const bags = nn.EmbeddingBag.fromPretrained(ones([3, 2]), { freeze: false, mode: "sum" });
    expect([bags.weight.requiresGrad, bags.mode]).toEqual([true, "sum"]);
    const offsets = tensor([0, 1], { dtype: "int64" });
    expect(await bags.call(tensor([0, 1, 2]), offsets).tolist()).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });
});

test("the adaptive softmax is one distribution over all classes", async () => {
  const adaptive = new nn.AdaptiveLogSoftmaxWithLoss(8, 12, [3, 7], { divValue: 2 });
  const x = tensor(
    Array.from({ length: 40 }, (_, i) => Math.sin(i)),
    { dtype: "float32" },
  ).reshape(5, 8);
  const target = tensor([0, 4, 11, 2, 7]);
  const logs = adaptive.logProb(x);
  const sums = (await logs.exp().sum(1).tolist()) as number[];
  for (const sum of sums) expect(sum).toBeCloseTo(1);
  const [output, loss] = adaptive.call(x, target);
  const own = logs.gather(1, target.unsqueeze(1)).squeeze(1);
  expect(Number(await output!.sub(own).abs().max().item())).toBeLessThan(1e-5);
  expect(Number(await loss!.item())).toBeCloseTo(-Number(await own.mean().item()), 5);
  expect(adaptive.call(x.select(0, 1), target.select(0, 1)).output.shape).toEqual([]);
  expect(await adaptive.predict(x).lt(12).all().item()).toBe(true);
  await expect(adaptive.call(x, target.add(5)).loss.item()).rejects.toThrow("out of bounds");
  expect(() => new nn.AdaptiveLogSoftmaxWithLoss(8, 12, [7, 3])).toThrow("increasing order");
});

test("modules that only call a function hand all their settings on", async () => {
  const ramp = (...shape: number[]) =>
    tensor(
      Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => (i % 7) - 2.5),
      { dtype: "float32" },
    ).reshape(shape);
  const { functional } = nn;
  const image = ramp(1, 4, 4, 4);
  const [x, y, z] = [ramp(3, 4), ramp(3, 4).mul(-0.5), ramp(3, 4).abs()];
  const logs = functional.logSoftmax(ramp(5, 1, 4), 2);
  const labels = tensor([[1, 2]]);
  const pairs: [Tensor, Tensor][] = [
    [new nn.GLU(1).call(x), functional.glu(x, 1)],
    [new nn.HuberLoss("sum", 0.3).call(x, y), functional.huberLoss(x, y, "sum", 0.3)],
    [new nn.PixelUnshuffle(2).call(image), functional.pixelUnshuffle(image, 2)],
    [new nn.LocalResponseNorm(3, 2).call(image), functional.localResponseNorm(image, 3, 2)],
    [
      new nn.AdaptiveMaxPool2d([2, null]).call(image),
      functional.adaptiveMaxPool2d(image, [2, null]),
    ],
    [
      new nn.CTCLoss(0, "sum").call(logs, labels, [5], [2]),
      functional.ctcLoss(logs, labels, [5], [2], 0, "sum"),
    ],
    [
      new nn.TripletMarginWithDistanceLoss({ distanceFunction: new nn.PairwiseDistance(1) }).call(
        x,
        y,
        z,
      ),
      functional.tripletMarginLoss(x, y, z, { p: 1 }),
    ],
    [
      new nn.KLDivLoss({ reduction: "batchmean" }).call(y, z),
      functional.klDiv(y, z, { reduction: "batchmean" }),
    ],
    [new nn.L1Loss(false).call(x, y), functional.l1Loss(x, y, { reduction: "sum" })],
  ];
  for (const [found, wanted] of pairs) {
    expect(found.shape).toEqual(wanted.shape);
    expect(Number(await found.sub(wanted).abs().max().item())).toBeLessThan(1e-5);
  }
  const pool = new nn.MaxPool2d<nn.Pooled>(2, { returnIndices: true });
  const { values, indices } = pool.call(image);
  expect(new nn.MaxUnpool2d(2).call(values, indices).shape).toEqual(image.shape);
  expect(String(new nn.MSELoss({ reduce: false }))).toBe("MSELoss()");
});

describe("containers", () => {
  test("a sequence has the manners of an array", async () => {
    const row = new nn.Sequential(new nn.Linear(2, 3), new nn.ReLU());
    row.append(new nn.Linear(3, 1)).insert(1, new nn.Identity());
    expect([...row].map((module) => module.constructor.name)).toEqual([
      "Linear",
      "Identity",
      "ReLU",
      "Linear",
    ]);
    expect(row.at(-1)).toBe(row[3]);
    expect(row.slice(1, 3).length).toBe(2);
    expect(row.call(ones([4, 2])).shape).toEqual([4, 1]);
    expect(() => row.at(4)).toThrow("Sequential.at: index 4 is out of range, there are 4");
  });

  test("by name, in the order given", () => {
    const named = new nn.Sequential({ conv: new nn.Conv1d(1, 1, 1), fcOut: new nn.Flatten() });
    expect(named.namedChildren().map(([name]) => name)).toEqual(["conv", "fcOut"]);
    const dict = new nn.ModuleDict({ a: new nn.ReLU(), b: new nn.Linear(1, 2) });
    expect([dict.keys(), dict.size, dict.has("c")]).toEqual([["a", "b"], 2, false]);
    expect(() => dict.set("keys", new nn.ReLU())).toThrow('attribute "keys" already exists');
    expect(() => dict.index("c")).toThrow('ModuleDict: has no module "c"');
    expect(dict.pop("a")).toBeInstanceOf(nn.ReLU);
    expect(Object.keys(dict.stateDict())).toEqual(["b.weight", "b.bias"]);
  });

  test("of parameters", () => {
    const list = new nn.ParameterList([ones([2]), new nn.Parameter(ones([2, 3]))]);
    expect(list.at(-1)).toBeInstanceOf(nn.Parameter);
    expect(Object.keys(list.stateDict())).toEqual(["0", "1"]);
    expect(String(list)).toBe(
      "ParameterList(\n" +
        "    (0): Parameter containing: [torch.float32 of size 2]\n" +
        "    (1): Parameter containing: [torch.float32 of size 2x3]\n)",
    );
    const dict = new nn.ParameterDict({ left: ones([1]) });
    expect(dict.set("right", zeros([2])).keys()).toEqual(["left", "right"]);
    expect(dict.parameters()).toHaveLength(2);
  });

  test("print as a tree, what repeats once", () => {
    const tree = new nn.ModuleDict({
      layers: new nn.ModuleList([new nn.Linear(2, 2), new nn.Linear(2, 2), new nn.Tanh()]),
      out: new nn.Sequential(),
    });
    expect(String(tree)).toBe(
      "ModuleDict(\n" +
        "  (layers): ModuleList(\n" +
        "    (0-1): 2 x Linear(in_features=2, out_features=2, bias=True)\n" +
        "    (2): Tanh()\n" +
        "  )\n" +
        "  (out): Sequential()\n)",
    );
  });
});

describe("init", () => {
  const momentsOf = async (x: Tensor) => [await x.mean().item(), await x.std().item()].map(Number);

  test("has PyTorch's distributions", async () => {
    const w = new nn.Linear(300, 200).weight;
    const bound = 1 / Math.sqrt(300);
    expect(Number(await w.detach().abs().max().item())).toBeLessThanOrEqual(bound);
    const cases: [(w: Tensor) => Tensor, number][] = [
      [(x) => nn.init.xavierUniform_(x), Math.sqrt(2 / 500)],
      [(x) => nn.init.xavierNormal_(x, 2), 2 * Math.sqrt(2 / 500)],
      [(x) => nn.init.kaimingNormal_(x, { nonlinearity: "relu" }), Math.sqrt(2 / 300)],
      [(x) => nn.init.kaimingUniform_(x, 0, "fanOut", "tanh"), 5 / 3 / Math.sqrt(200)],
      [(x) => nn.init.normal_(x, 0, 0.5), 0.5],
    ];
    for (const [fill, std] of cases) {
      expect(fill(w)).toBe(w);
      const [mean, found] = await momentsOf(w.detach());
      expect(mean).toBeCloseTo(0, 1);
      expect(found! / std).toBeCloseTo(1, 1);
    }
    expect(w.requiresGrad && w.isLeaf).toBe(true);
  });

  test("truncated within its bounds, sparse by columns, identities", async () => {
    const w = zeros([40, 50]);
    nn.init.truncNormal_(w, 0, 1, -0.5, 2);
    const [least, most] = [Number(await w.min().item()), Number(await w.max().item())];
    expect(least).toBeGreaterThanOrEqual(-0.5);
    expect(most).toBeLessThanOrEqual(2);
    nn.init.sparse_(w, 0.1);
    expect(new Set(await w.eq(0).sum(0).data())).toEqual(new Set([4]));
    const kernel = nn.init.dirac_(zeros([4, 2, 3]), 2);
    expect(await kernel.sum(2).tolist()).toEqual([
      [1, 0],
      [0, 1],
      [1, 0],
      [0, 1],
    ]);
    expect(await kernel.select(2, 1).sum().item()).toBe(4);
    expect(await nn.init.eye_(zeros([2, 3])).tolist()).toEqual([
      [1, 0, 0],
      [0, 1, 0],
    ]);
  });

  test("gains", () => {
    expect(nn.init.calculateGain("tanh")).toBeCloseTo(5 / 3);
    expect(nn.init.calculateGain("leaky_relu", 0.2)).toBeCloseTo(Math.sqrt(2 / 1.04));
    expect(() => nn.init.calculateGain("swish")).toThrow("Unsupported nonlinearity swish");
  });
});

test("a parameter is a leaf that prints as one", async () => {
  const parameter = new nn.Parameter(ones([2]));
  expect(String(await parameter.realize())).toBe(
    "Parameter containing:\ntensor([1., 1.], requires_grad=True)",
  );
  expect([parameter.isLeaf, parameter.mul(2) instanceof nn.Parameter]).toEqual([true, false]);
  expect(new nn.Parameter(ones([2]), { requiresGrad: false }).requiresGrad).toBe(false);
});
