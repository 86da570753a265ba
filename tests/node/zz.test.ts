import { expect, test } from "vitest";
import * as sg from "../../src/index.ts";
import type { Tensor } from "../../src/index.ts";
class Cube extends sg.Function {
  static forward(ctx: sg.FunctionContext, x: Tensor, scale: number): Tensor { ctx.saveForBackward(x); ctx.scale = scale; return x.pow(3).mul(scale); }
  static backward(ctx: sg.FunctionContext, g: Tensor): (Tensor | null)[] { const [x] = ctx.savedTensors as [Tensor]; return [g.mul(x.square()).mul(3 * (ctx.scale as number)), null]; }
}
const leaf = (data: number[]) => sg.tensor(data, { dtype: "float64", requiresGrad: true });
test("a", async () => {
  const x = leaf([1, 2]);
  const c = leaf([0.5, 1.118]);
  const outs = [];
  for (const g of [[1, 0], [0, 1]]) {
    const y = Cube.apply(x, 2);
    const [gx] = sg.grad(y, [x], { gradOutputs: c, createGraph: true });
    const r = sg.grad(gx as Tensor, [x, c], { gradOutputs: sg.tensor(g, { dtype: "float64" }), retainGraph: true });
    outs.push(Promise.all([gx!.tolist(), ...r.map((t) => t!.tolist())]));
  }
  console.log(JSON.stringify(await Promise.all(outs)));
  // separately
  for (const g of [[1, 0], [0, 1]]) {
    const y = Cube.apply(x, 2);
    const [gx] = sg.grad(y, [x], { gradOutputs: c, createGraph: true });
    const r = sg.grad(gx as Tensor, [x, c], { gradOutputs: sg.tensor(g, { dtype: "float64" }), retainGraph: true });
    console.log(JSON.stringify([await gx!.tolist(), await r[0]!.tolist(), await r[1]!.tolist()]));
  }
  const many = [];
  for (let i = 0; i < 6; i++) { const z = leaf([i, i + 1]); many.push(z.mul(z).mul(2).tolist()); }
  console.log(JSON.stringify(await Promise.all(many)));
  const m2 = [];
  for (let i = 0; i < 6; i++) { const z = leaf([i, i + 1]); m2.push(z.mul(z).mul(2).tolist(), x.mul(z).tolist()); }
  console.log(JSON.stringify(await Promise.all(m2)));
});
