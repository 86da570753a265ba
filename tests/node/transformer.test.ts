// Attention of several heads and transformers, beyond the recorded cases: what is equal by two ways, what
// masks hide, what is refused.

import { describe, expect, test } from "vitest";
import { randn, type Tensor, tensor, zeros } from "../../src/index.ts";
import * as nn from "../../src/nn.ts";

const listOf = async (x: Tensor): Promise<number[]> => Array.from(await x.data(), Number);

async function same(found: Tensor, wanted: Tensor): Promise<void> {
  expect(found.shape).toEqual(wanted.shape);
  const [own, other] = await Promise.all([listOf(found), listOf(wanted)]);
  for (const [at, x] of own.entries()) expect(x).toBeCloseTo(other[at] as number, 5);
}

const mask = (size: number): Tensor => nn.Transformer.generateSquareSubsequentMask(size);

describe("attention of several heads", () => {
  test("gives the same with and without its weights, packed and apart", async () => {
    const attention = new nn.MultiheadAttention(4, 2, { addBiasKv: true, addZeroAttn: true });
    const [q, k] = [randn([3, 2, 4]), randn([5, 2, 4])];
    const { attnOutput, attnOutputWeights } = attention.call(q, k, k);
    await same(attention.call(q, k, k, { needWeights: false }).attnOutput, attnOutput);
    await same(attention.call(q, k, k.clone()).attnOutput, attnOutput);
    expect(attnOutputWeights?.shape).toEqual([2, 3, 7]);
    const sums = await listOf((attnOutputWeights as Tensor).sum(-1));
    for (const sum of sums) expect(sum).toBeCloseTo(1, 5);
    const each = attention.call(q, k, k, { averageAttnWeights: false });
    expect(each.attnOutputWeights?.shape).toEqual([2, 2, 3, 7]);
    const [own] = attention.call(q, q, q);
    await same(own as Tensor, attention.call(q, q.clone(), q.clone()).attnOutput);
  });

  test("masks of bools and of floats hide the same", async () => {
    const attention = new nn.MultiheadAttention(4, 2, { batchFirst: true });
    const x = randn([2, 3, 4]);
    const hidden = mask(3).eq(-Infinity);
    const causal = attention.call(x, x, x, { attnMask: mask(3) }).attnOutput;
    await same(attention.call(x, x, x, { attnMask: hidden }).attnOutput, causal);
    const hint = { attnMask: mask(3), isCausal: true, needWeights: false };
    await same(attention.call(x, x, x, hint).attnOutput, causal);
    const first = x.narrow(1, 0, 1);
    await same(attention.call(first, first, first).attnOutput, causal.narrow(1, 0, 1));
    const keyPaddingMask = tensor([
      [false, false, true],
      [false, false, true],
    ]);
    const shown = x.narrow(1, 0, 2);
    await same(
      attention.call(x, x, x, { keyPaddingMask }).attnOutput,
      attention.call(x, shown, shown).attnOutput,
    );
  });

  test("what does not fit is refused", () => {
    const attention = new nn.MultiheadAttention(4, 2);
    const x = randn([3, 2, 4]);
    const wrong: [() => unknown, RegExp][] = [
      [() => new nn.MultiheadAttention(4, 3), /embed_dim must be divisible by num_heads/],
      [() => new nn.MultiheadAttention(0, 2), /must be greater than 0/],
      [() => attention.call(randn([4]), x, x), /unbatched 2D or batched 3D/],
      [() => attention.call(x, randn([3, 4]), x), /expected `key` and `value` to be 3-D/],
      [() => attention.call(x, x, x, { isCausal: true }), /Need attnMask/],
      [() => attention.call(x, x, x, { attnMask: zeros([2, 3]) }), /2D attn_mask is \[2, 3\]/],
      [() => attention.call(x, x, x, { keyPaddingMask: zeros([3, 2]) }), /key_padding_mask shape/],
      [() => attention.call(x, x, randn([4, 2, 4])), /does not match value shape/],
      [
        () => attention.call(x, x, x, { attnMask: zeros([3, 3], { dtype: "int64" }) }),
        /only bool and floating types/,
      ],
    ];
    for (const [call, text] of wrong) expect(call).toThrow(text);
  });
});

describe("transformers", () => {
  test("layers of a stack are copies, with tensors of their own", async () => {
    const layer = new nn.TransformerEncoderLayer(4, 2, 8, 0, nn.functional.gelu);
    const encoder = new nn.TransformerEncoder(layer, 2, new nn.LayerNorm(4));
    expect(encoder.parameters().length).toBe(2 * layer.parameters().length + 2);
    expect(new Set(encoder.parameters()).size).toBe(encoder.parameters().length);
    const x = randn([3, 2, 4]);
    const once = layer.call(layer.call(x));
    await same(encoder.call(x), (encoder.norm as nn.LayerNorm).call(once));
  });

  test("an activation may be a name, a function or a module", async () => {
    const x = randn([3, 2, 4]);
    const layers = ["relu", nn.functional.relu, new nn.ReLU()].map(
      (activation) =>
        new nn.TransformerDecoderLayer(4, 2, { dimFeedforward: 8, dropout: 0, activation }),
    );
    const [first, ...others] = layers as [nn.TransformerDecoderLayer, ...never[]];
    for (const other of others as nn.TransformerDecoderLayer[]) {
      other.loadStateDict(first.stateDict());
      await same(other.call(x, x), first.call(x, x));
    }
    expect(() => new nn.TransformerEncoderLayer(4, 2, { activation: "tanh" })).toThrow(
      /should be relu\/gelu, not tanh/,
    );
  });

  test("a decoder sees its past, and all of the memory", async () => {
    const settings = { dModel: 4, nhead: 2, numEncoderLayers: 1, numDecoderLayers: 1, dropout: 0 };
    const model = new nn.Transformer({ ...settings, dimFeedforward: 8 });
    const [src, tgt] = [randn([3, 2, 4]), randn([4, 2, 4])];
    const whole = model.call(src, tgt, { tgtMask: mask(4), tgtIsCausal: true });
    await same(model.call(src, tgt, { tgtMask: mask(4) }), whole);
    const part = model.call(src, tgt.narrow(0, 0, 2), { tgtMask: mask(2) });
    await same(part, whole.narrow(0, 0, 2));
    expect(() => model.call(randn([3, 1, 4]), tgt)).toThrow(/the batch number of src and tgt/);
    expect(() => model.call(src, randn([4, 2, 3]))).toThrow(/must be equal to d_model/);
    expect(await listOf(mask(2))).toEqual([0, -Infinity, 0, 0]);
  });
});
