// Recurrent networks: values and both orders of gradients against plain loops, the modules around them,
// sequences of different lengths.

import { describe, expect, test } from "vitest";
import { cat, grad, noGrad, randn, stack, type Tensor, tensor, where } from "../../src/index.ts";
import { recurrentFunctions as f } from "../../src/nn/recurrent-functions.ts";
import * as nn from "../../src/nn.ts";

const { functional } = nn;
const { packPaddedSequence, packSequence, padPackedSequence, padSequence, unpackSequence } =
  nn.utils.rnn;

const leaf = (...shape: number[]): Tensor =>
  randn(shape, { dtype: "float64" }).mul(0.5).detach().requiresGrad_();

type Kind = "rnnTanh" | "rnnRelu" | "gru" | "lstm";
const gatesOf = { rnnTanh: 1, rnnRelu: 1, gru: 3, lstm: 4 };

interface Shape {
  readonly kind: Kind;
  readonly layers?: number;
  readonly both?: boolean;
  readonly biases?: boolean;
  readonly projection?: number;
}

interface Network extends Required<Shape> {
  readonly params: Tensor[];
  readonly hx: Tensor[];
}

const [features, width, batch] = [2, 3, 2];

function network(given: Shape): Network {
  const shape = { layers: 1, both: false, biases: true, projection: 0, ...given };
  const { kind, layers, both, biases, projection } = shape;
  const rows = gatesOf[kind] * width;
  const out = projection || width;
  const sides = both ? 2 : 1;
  const params: Tensor[] = [];
  for (let layer = 0; layer < layers; layer++) {
    for (let side = 0; side < sides; side++) {
      params.push(leaf(rows, layer ? out * sides : features), leaf(rows, out));
      if (biases) params.push(leaf(rows), leaf(rows));
      if (projection) params.push(leaf(projection, width));
    }
  }
  const h = leaf(layers * sides, batch, out);
  const hx = kind === "lstm" ? [h, leaf(layers * sides, batch, width)] : [h];
  return { ...shape, params, hx };
}

function run({ kind, ...net }: Network, x: Tensor, mask: Tensor | null = null): Tensor[] {
  const { hx, params, biases, layers, both } = net;
  const args = [params, biases, layers, 0, true, both, false, mask] as const;
  const results = kind === "lstm" ? f.lstm(x, hx, ...args) : f[kind](x, hx[0] as Tensor, ...args);
  return [...results];
}

const chunk = (x: Tensor, at: number): Tensor => x.narrow(-1, at * width, width);

/** One step, as PyTorch's documentation has it. */
function step(kind: Kind, x: Tensor, state: readonly Tensor[], weights: readonly Tensor[]) {
  const [h, c] = state as [Tensor, Tensor];
  const [wx, wh, ...rest] = weights as [Tensor, Tensor, ...Tensor[]];
  const [bx, bh] = rest.length >= 2 ? rest : [null, null];
  const projection = rest.length % 2 === 1 ? rest.at(-1) : null;
  const [a, b] = [
    functional.linear(x, wx, bx as Tensor | null),
    functional.linear(h, wh, bh as Tensor | null),
  ];
  if (kind === "rnnTanh") return [a.add(b).tanh()];
  if (kind === "rnnRelu") return [a.add(b).relu()];
  if (kind === "gru") {
    const [r, z] = [0, 1].map((at) => chunk(a, at).add(chunk(b, at)).sigmoid()) as [Tensor, Tensor];
    const n = chunk(a, 2)
      .add(r.mul(chunk(b, 2)))
      .tanh();
    return [n.mul(z.neg().add(1)).add(z.mul(h))];
  }
  const sum = a.add(b);
  const [i, g, o] = [0, 2, 3].map((at) => chunk(sum, at)) as [Tensor, Tensor, Tensor];
  const cell = chunk(sum, 1).sigmoid().mul(c).add(i.sigmoid().mul(g.tanh()));
  const hidden = o.sigmoid().mul(cell.tanh());
  return [projection ? functional.linear(hidden, projection) : hidden, cell];
}

/** The same network as loops over its steps, each recorded by itself. */
function loop(net: Network, input: Tensor, mask: Tensor | null = null): Tensor[] {
  const sides = net.both ? 2 : 1;
  const count = net.params.length / (net.layers * sides);
  const last: Tensor[][] = net.hx.map(() => []);
  let x = input;
  for (let layer = 0; layer < net.layers; layer++) {
    const outputs: Tensor[] = [];
    for (let side = 0; side < sides; side++) {
      const at = layer * sides + side;
      const weights = net.params.slice(at * count, (at + 1) * count);
      let state = net.hx.map((one) => one.select(0, at));
      const times = Array.from({ length: x.shape[0] as number }, (_, t) => t);
      const found: Tensor[] = [];
      for (const time of side ? times.reverse() : times) {
        const next = step(net.kind, x.select(0, time), state, weights);
        const on = mask?.select(0, time).unsqueeze(1);
        state = on ? next.map((one, i) => where(on, one, state[i] as Tensor)) : next;
        found[time] = state[0] as Tensor;
      }
      outputs.push(stack(found));
      for (const [i, one] of state.entries()) last[i]?.push(one);
    }
    x = cat(outputs, 2);
  }
  return [x, ...last.map((list) => stack(list))];
}

/** Results, their gradients, and the gradients' own. */
async function derivatives(results: Tensor[], leaves: Tensor[]): Promise<number[][]> {
  const weighted = (list: readonly Tensor[]) =>
    list.map((one, at) => one.mul(one.add(at + 1)).sum()).reduce((sum, one) => sum.add(one));
  const first = grad([weighted(results)], leaves, { createGraph: true });
  const second = grad([weighted(first as Tensor[])], leaves);
  const all = [...results, ...first, ...second] as Tensor[];
  return Promise.all(all.map(async (one) => [...((await one.data()) as Float64Array)]));
}

const shapes: (Shape & { masked?: boolean })[] = [
  { kind: "rnnTanh", masked: true },
  { kind: "rnnRelu", both: true, biases: false },
  { kind: "gru", masked: true },
  { kind: "gru", layers: 2, both: true, biases: false },
  { kind: "lstm", layers: 2 },
  { kind: "lstm", biases: false, projection: 2, both: true, masked: true },
];

const close = (found: number[][], wanted: number[][]): void => {
  expect(found.length).toBe(wanted.length);
  for (const [at, list] of found.entries()) {
    expect(list.length).toBe(wanted[at]?.length);
    for (const [i, x] of list.entries()) expect(x).toBeCloseTo(wanted[at]?.[i] as number, 9);
  }
};

const listOf = async (x: Tensor): Promise<number[]> => Array.from(await x.data(), Number);

async function same(found: Tensor, wanted: Tensor): Promise<void> {
  expect(found.shape).toEqual(wanted.shape);
  const [own, other] = await Promise.all([listOf(found), listOf(wanted)]);
  for (const [at, x] of own.entries()) expect(x).toBeCloseTo(other[at] as number, 5);
}

describe("recurrent networks", () => {
  for (const { masked, ...shape } of shapes) {
    const name = JSON.stringify(shape) + (masked ? " with a mask" : "");
    test(`${name} is its loop, with both derivatives`, async () => {
      const net = network(shape);
      const x = leaf(3, batch, features);
      const mask = masked
        ? tensor([
            [true, true],
            [true, false],
            [true, false],
          ])
        : null;
      const leaves = [x, ...net.hx, ...net.params];
      close(
        await derivatives(run(net, x, mask), leaves),
        await derivatives(loop(net, x, mask), leaves),
      );
    });
  }

  test("cells take one step", async () => {
    const [x, h, c] = [leaf(batch, features), leaf(batch, width), leaf(batch, width)];
    for (const kind of ["rnnTanh", "rnnRelu", "gru", "lstm"] as const) {
      const rows = gatesOf[kind] * width;
      const weights = [leaf(rows, features), leaf(rows, width), leaf(rows), leaf(rows)] as const;
      const state = kind === "lstm" ? [h, c] : [h];
      const leaves = [x, ...state, ...weights];
      const found =
        kind === "lstm"
          ? [...f.lstmCell(x, state, ...weights)]
          : [f[`${kind}Cell`](x, h, ...weights)];
      const wanted = step(kind, x, state, weights);
      close(await derivatives(found, leaves), await derivatives(wanted, leaves));
    }
  });
});

describe("modules of recurrent networks", () => {
  test("weights have PyTorch's names, and lie within its bound", async () => {
    const lstm = new nn.LSTM(2, 4, { bidirectional: true, projSize: 3 });
    const names = ["weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr"];
    expect(Object.keys(lstm.stateDict())).toEqual(
      ["_l0", "_l0_reverse"].flatMap((end) => names.map((name) => name + end)),
    );
    expect(Object.keys(new nn.GRUCell(2, 3, false).stateDict())).toEqual([
      "weight_ih",
      "weight_hh",
    ]);
    const all = await Promise.all(lstm.parameters().map(listOf));
    expect(all.flat().every((x) => Math.abs(x) <= 0.5)).toBe(true);
    expect(new Set(all.flat()).size).toBeGreaterThan(100);
    expect(String(lstm)).toBe("LSTM(2, 4, proj_size=3, bidirectional=True)");
    expect(String(new nn.RNNCell(2, 3, { nonlinearity: "relu" }))).toBe(
      "RNNCell(2, 3, nonlinearity=relu)",
    );
  });

  test("results have names and an order, without a batch and with the batch first", async () => {
    const lstm = new nn.LSTM(2, 3, 2);
    const x = randn([4, 2, 2]);
    const { output, hn } = lstm.call(x);
    const [again, [h, c]] = lstm.call(x, null) as unknown as [Tensor, [Tensor, Tensor]];
    await same(again, output);
    await same(h, hn.h);
    await same(c, hn.c);
    const alone = lstm.call(x.select(1, 1));
    await same(alone.output, output.select(1, 1));
    await same(alone.hn.c, hn.c.select(1, 1));
    const first = new nn.LSTM(2, 3, 2, { batchFirst: true });
    first.loadStateDict(lstm.stateDict());
    await same(first.call(x.transpose(0, 1)).output, output.transpose(0, 1));
    const half = lstm.call(x.narrow(0, 0, 2));
    await same(lstm.call(x.narrow(0, 2, 2), half.hn).output, output.narrow(0, 2, 2));
    const cell = new nn.LSTMCell(2, 3);
    await same(cell.call(x.select(0, 0).select(0, 0)).h, cell.call(x.select(0, 0)).h.select(0, 0));
  });

  test("dropout stands between layers, while training", async () => {
    const gru = new nn.GRU(2, 3, 2, { dropout: 1 });
    const [x, other] = [randn([3, 1, 2]), randn([3, 1, 2])];
    await same(gru.call(x).output, gru.call(other).output);
    gru.eval();
    const [a, b] = await Promise.all([gru.call(x).output, gru.call(other).output].map(listOf));
    expect(a).not.toEqual(b);
  });

  test("after a call of no rows, what a derivative reads is guarded all the same", async () => {
    for (const gru of [new nn.GRU(2, 3), new nn.GRUCell(2, 3)]) {
      const output = (x: Tensor): Tensor => {
        const result = gru.call(x);
        return "hn" in result ? result.hn : result;
      };
      const rows = (count: number) => randn(gru instanceof nn.GRU ? [2, count, 2] : [count, 2]);
      await output(rows(0)).sum().backward();
      const again = output(rows(2)).sum();
      await again.backward();
      expect(() => again.backward()).toThrow(/second time/);
      const changed = output(rows(2)).sum();
      noGrad(() => gru.parameters()[1]?.add_(1));
      expect(() => changed.backward()).toThrow(/modified by an inplace operation/);
    }
  });

  test("what does not fit is refused where it is called", () => {
    const rnn = new nn.RNN(3, 5);
    const wrong: [() => unknown, RegExp][] = [
      [() => new nn.RNN(3, 0), /hidden_size must be greater than zero/],
      [() => new nn.LSTM(3, 5, { projSize: 5 }), /proj_size has to be smaller than hidden_size/],
      [() => new nn.GRU(3, 5, { dropout: 2 }), /dropout should be a number in range \[0, 1\]/],
      [() => rnn.call(randn([2, 4, 4])), /Expected 3, got 4/],
      [() => rnn.call(randn([4])), /Expected input to be 2D or 3D, got 1D tensor instead/],
      [() => rnn.call(randn([2, 4, 3]), randn([1, 3, 5])), /Expected hidden size \[1, 4, 5\]/],
      [() => rnn.call(randn([2, 4, 3]), randn([4, 5])), /should also be 3-D/],
      [() => rnn.call(randn([2, 4, 3], { dtype: "float64" })), /does not match weight dtype/],
      [() => rnn.call(randn([0, 4, 3])), /sequence length to be larger than 0/],
      [() => new nn.LSTM(3, 5).call(randn([2, 4, 3]), [randn([1, 4, 5])] as never), /two tensors/],
    ];
    for (const [call, text] of wrong) expect(call).toThrow(text);
  });
});

describe("sequences of different lengths", () => {
  const sequences = [randn([2, 2]), randn([4, 2]), randn([3, 2])];

  test("are padded, packed and brought back", async () => {
    const padded = padSequence(sequences, { paddingValue: 7 });
    expect(padded.shape).toEqual([4, 3, 2]);
    expect(await listOf(padded.select(1, 0).select(1, 0))).toEqual([
      ...(await listOf((sequences[0] as Tensor).select(1, 0))),
      7,
      7,
    ]);
    const left = padSequence(sequences, true, 0, "left");
    await same(left.select(0, 2).narrow(0, 1, 3), sequences[2] as Tensor);
    const packed = packPaddedSequence(padded, [2, 4, 3], { enforceSorted: false });
    expect(await listOf(packed.batchSizes)).toEqual([3, 3, 2, 1]);
    expect(await listOf(packed.sortedIndices as Tensor)).toEqual([1, 2, 0]);
    expect(await listOf(packed.unsortedIndices as Tensor)).toEqual([2, 0, 1]);
    const { output, lengths } = padPackedSequence(packed, { paddingValue: 7, totalLength: 5 });
    await same(output.narrow(0, 0, 4), padded);
    expect(await listOf(lengths)).toEqual([2, 4, 3]);
    for (const [at, one] of unpackSequence(packed).entries()) {
      await same(one, sequences[at] as Tensor);
    }
    expect(() => packSequence(sequences)).toThrow(/sorted in decreasing order/);
    expect(() => packPaddedSequence(padded, [2, 4, 0])).toThrow(/greater than 0/);
  });

  test("pass a network as each would by itself", async () => {
    const net = new nn.LSTM(2, 3, { bidirectional: true });
    const packed = packSequence(sequences, { enforceSorted: false });
    const { output, hn } = net.forward(packed);
    for (const [at, one] of unpackSequence(output).entries()) {
      const alone = net.call((sequences[at] as Tensor).unsqueeze(1));
      await same(one, alone.output.squeeze(1));
      await same(hn.c.narrow(1, at, 1), alone.hn.c);
    }
    const state = [randn([2, 3, 3]), randn([2, 3, 3])] as const;
    const { hn: given } = net.forward(packed, state);
    const alone = net.call(
      (sequences[0] as Tensor).unsqueeze(1),
      state.map((one) => one.narrow(1, 0, 1)) as [Tensor, Tensor],
    );
    await same(given.h.narrow(1, 0, 1), alone.hn.h);
  });
});
