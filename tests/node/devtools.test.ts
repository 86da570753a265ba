// Tensors in consoles: Node's by util.inspect, Chrome's by the custom formatter.

import { inspect } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import {
  configure,
  getPrintOptions,
  installDevtoolsFormatter,
  ones,
  setPrintOptions,
  type Tensor,
  tensor,
} from "../../src/index.ts";

beforeAll(() => configure({ inline: true }));

interface Formatter {
  header(object: unknown): unknown;
  hasBody(object: unknown): boolean;
  body(object: unknown): unknown;
}

const host = globalThis as { devtoolsFormatters?: Formatter[] };

/** The text of a header or a body, its objects as <object>. */
function textOf(markup: unknown): string {
  if (!Array.isArray(markup)) return String(markup);
  const [tag, , ...contents] = markup as [string, object, ...unknown[]];
  return tag === "object" ? "<object>" : contents.map(textOf).join("");
}

describe("Chrome's console", () => {
  const remove = installDevtoolsFormatter();
  const [formatter] = host.devtoolsFormatters as [Formatter];
  const header = (object: unknown) => textOf(formatter.header(object));
  const body = (object: unknown) => textOf(formatter.body(object));

  test("shows what a tensor is in one line, and its values when it is opened", async () => {
    const x = await tensor([[1.5, 2]]).realize();
    expect(header(x)).toBe("Tensor [1, 2] float32");
    expect(formatter.hasBody(x)).toBe(true);
    expect(body(x)).toBe("tensor([[1.5000, 2.0000]])");
    expect(header(x.t())).toBe("Tensor [2, 1] float32 view");
  });

  test("shows history and gradient", async () => {
    const x = ones(2, { requiresGrad: true });
    const y = x.mul(3);
    expect(header(y)).toBe("Tensor [2] float32 lazy MulBackward0");
    expect(body(y)).toBe("tensor(<lazy [2] float32>, grad_fn=<MulBackward0>)gradFn: <object>");
    await y.sum().backward();
    expect(header(x)).toContain("requires_grad");
    expect(body(x)).toContain("grad: <object>");
  });

  test("says so of the disposed and the failed, views of them too", async () => {
    const x = ones(4, { requiresGrad: true }).mul(2);
    const view = x.narrow(0, 1, 2);
    x.dispose();
    for (const lost of [x, view]) {
      expect(header(lost)).toMatch(/^Tensor \[\d\] float32 disposed$/);
      expect(body(lost)).toContain("disposed of");
    }
    const failed = tensor([1]).gather(0, tensor([7]));
    await expect(failed.realize()).rejects.toThrow("out of bounds");
    expect(header(failed)).toBe("Tensor [1] int64 failed");
    expect(body(failed)).toContain("out of bounds");
  });

  test("leaves other objects alone", () => {
    for (const other of [null, undefined, 3, "text", {}, [], { shape: [2] }]) {
      expect(formatter.header(other)).toBe(null);
      expect(formatter.hasBody(other)).toBe(false);
      expect(formatter.body(other)).toBe(null);
    }
  });

  test("is installed once, beside others, and can be taken away", () => {
    installDevtoolsFormatter();
    expect(host.devtoolsFormatters).toHaveLength(1);
    const other = { header: () => null, hasBody: () => false, body: () => null };
    host.devtoolsFormatters?.push(other);
    remove();
    expect(host.devtoolsFormatters).toEqual([other]);
  });
});

describe("Node's console", () => {
  test("prints a tensor as String does, wherever it stands", async () => {
    const x: Tensor = await tensor([1, 2]).realize();
    expect(inspect(x)).toBe("tensor([1, 2])");
    expect(inspect({ x })).toBe("{ x: tensor([1, 2]) }");
    expect(inspect(x.add(1))).toBe("tensor(<lazy [2] int64>)");
  });
});

describe("print options", () => {
  test("are set by name or in PyTorch's order, read back, and checked by name", () => {
    const before = getPrintOptions();
    setPrintOptions(2, 10);
    expect(getPrintOptions()).toEqual({ ...before, precision: 2, threshold: 10 });
    setPrintOptions({ profile: "short", linewidth: 40 });
    expect(getPrintOptions()).toEqual({ ...before, precision: 2, edgeitems: 2, linewidth: 40 });
    const unknown = { precison: 3 } as object;
    expect(() => setPrintOptions(unknown)).toThrow("did you mean precision?");
    const profile = { profile: "long" } as object;
    expect(() => setPrintOptions(profile)).toThrow('one of "default", "short", "full"');
    setPrintOptions({ profile: "default" });
    expect(getPrintOptions()).toEqual(before);
  });
});
