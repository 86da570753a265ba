// Printing against PyTorch's recorded output, against examples, and against chance.

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { afterEach, describe, expect, it, test } from "vitest";
import {
  defaultPrintOptions,
  formatTensor,
  type Printable,
  type PrintOptions,
  setPrintOptions,
} from "../../src/base/printing.ts";

afterEach(() => setPrintOptions({ profile: "default" }));

const float32 = (values: number[], shape = [values.length]): Printable => ({
  shape,
  dtype: "float32",
  data: Float32Array.from(values),
});
const int64 = (values: number[], shape = [values.length]): Printable => ({
  shape,
  dtype: "int64",
  data: values,
});
const range = (length: number) => Array.from({ length }, (_, i) => i);

describe("the seed program prints", () => {
  it("the product with its grad_fn", () => {
    const product = float32([27, 27, 27, 27], [2, 2]);
    expect(formatTensor({ ...product, suffixes: ["grad_fn=<MulBackward0>"] })).toBe(
      "tensor([[27., 27.],\n        [27., 27.]], grad_fn=<MulBackward0>)",
    );
  });
  it("the mean as a 0-dimensional tensor", () => {
    expect(formatTensor({ ...float32([27], []), suffixes: ["grad_fn=<MeanBackward0>"] })).toBe(
      "tensor(27., grad_fn=<MeanBackward0>)",
    );
  });
  it("the gradient without suffixes", () => {
    expect(formatTensor(float32([4.5, 4.5, 4.5, 4.5], [2, 2]))).toBe(
      "tensor([[4.5000, 4.5000],\n        [4.5000, 4.5000]])",
    );
  });
});

describe("cells", () => {
  test.each([
    ["are padded for a minus sign", [-1, 1], "tensor([-1.,  1.])"],
    ["turn scientific above a ratio of 1000", [1001.5, 0.5], "tensor([1.0015e+03, 5.0000e-01])"],
    ["stay fixed at a ratio of 1000", [1000, 1], "tensor([1000.,    1.])"],
    ["turn scientific above 1e8", [2e8], "tensor([2.0000e+08])"],
    ["turn scientific below 1e-4", [1e-5], "tensor([1.0000e-05])"],
    [
      "give NaN and infinity the width of a decimal",
      [NaN, -Infinity, 0.5],
      "tensor([   nan,   -inf, 0.5000])",
    ],
    ["let NaN stick out of a narrow column", [NaN, 1], "tensor([nan, 1.])"],
    ["keep the sign of zero", [-0, 0], "tensor([-0., 0.])"],
  ])("%s", (_, values, text) => {
    expect(formatTensor(float32(values))).toBe(text);
  });

  it("rounds exact ties to even", () => {
    expect(formatTensor(float32([0.03125, 0.09375]))).toBe("tensor([0.0312, 0.0938])");
    expect(formatTensor(float32([2.5, 3.5]), { precision: 0 })).toBe("tensor([2, 4])");
    expect(formatTensor(float32([1.03125, 2.5e9]))).toBe("tensor([1.0312e+00, 2.5000e+09])");
  });
  it("writes exact digits next to a power of ten", () => {
    const power: Printable = { shape: [], dtype: "float64", data: [1e23] };
    expect(formatTensor(power)).toBe("tensor(1.0000e+23, dtype=torch.float64)");
    expect(formatTensor(power, { precision: 20 })).toBe(
      "tensor(9.99999999999999916114e+22, dtype=torch.float64)",
    );
    expect(formatTensor(power, { sciMode: false })).toBe(
      "tensor(99999999999999991611392., dtype=torch.float64)",
    );
    expect(formatTensor({ ...power, data: [5e-324] })).toBe(
      "tensor(4.9407e-324, dtype=torch.float64)",
    );
  });
  it("rounds up into the next power of ten", () => {
    expect(formatTensor(float32([9.99999, 1e6]))).toBe("tensor([1.0000e+01, 1.0000e+06])");
  });
  it("writes zeros in the notation of the others", () => {
    expect(formatTensor(float32([0, 1e9]))).toBe("tensor([0.0000e+00, 1.0000e+09])");
    expect(formatTensor(float32([0, 0]), { sciMode: true })).toBe("tensor([0., 0.])");
  });
  it("writes bools as words and int64 beyond 2^53 exactly", () => {
    expect(formatTensor({ shape: [2], dtype: "bool", data: [1, 0] })).toBe(
      "tensor([ True, False])",
    );
    expect(formatTensor({ shape: [], dtype: "int64", data: [9223372036854775807n] })).toBe(
      "tensor(9223372036854775807)",
    );
  });
});

describe("dtype and size", () => {
  it("names a dtype that the cells do not tell", () => {
    expect(formatTensor({ ...int64([1]), dtype: "int8" })).toBe("tensor([1], dtype=torch.int8)");
    expect(formatTensor({ ...int64([1]), dtype: "bfloat16" })).toBe(
      "tensor([1.], dtype=torch.bfloat16)",
    );
  });
  it("names size and dtype of an empty tensor", () => {
    expect(formatTensor(float32([]))).toBe("tensor([])");
    expect(formatTensor(float32([], [0, 3]))).toBe("tensor([], size=(0, 3))");
    expect(formatTensor(int64([], [2, 0]))).toBe("tensor([], size=(2, 0), dtype=torch.int64)");
    expect(formatTensor({ shape: [0], dtype: "bool", data: [] })).toBe(
      "tensor([], dtype=torch.bool)",
    );
  });
});

describe("lines", () => {
  it("wraps at linewidth", () => {
    expect(formatTensor(int64(range(7)), { linewidth: 16 })).toBe(
      "tensor([0, 1, 2,\n        3, 4, 5,\n        6])",
    );
  });
  it("separates matrices by blank lines", () => {
    expect(formatTensor(int64(range(4), [2, 1, 1, 2]))).toBe(
      "tensor([[[[0, 1]]],\n\n\n        [[[2, 3]]]])",
    );
  });
  it("summarizes above the threshold, and measures only what is drawn", () => {
    const values = range(36).map((i) => (i === 14 ? 1000 : i));
    expect(formatTensor(int64(values, [6, 6]), { threshold: 35, edgeitems: 1 })).toBe(
      "tensor([[ 0,  ...,  5],\n        ...,\n        [30,  ..., 35]])",
    );
    expect(formatTensor(int64(range(9), [3, 3]), { threshold: 0, edgeitems: 0 })).toBe(
      "tensor([...])",
    );
  });
  it("moves a suffix that does not fit to its own line", () => {
    const cells = float32(range(8).map((i) => i + 0.5));
    expect(formatTensor({ ...cells, suffixes: ["grad_fn=<MulBackward0>"] })).toBe(
      "tensor([0.5000, 1.5000, 2.5000, 3.5000, 4.5000, 5.5000, 6.5000, 7.5000],\n" +
        "       grad_fn=<MulBackward0>)",
    );
  });
});

describe("options", () => {
  it("take a profile first and single options over it", () => {
    setPrintOptions({ profile: "short", edgeitems: 1 });
    expect(formatTensor(float32([1 / 3]))).toBe("tensor([0.33])");
    expect(formatTensor(int64(range(1001)))).toBe("tensor([   0,  ..., 1000])");
    setPrintOptions({ profile: "full" });
    expect(formatTensor(int64(range(1001)))).not.toContain("...");
  });
  it("forget sciMode at the next call, as PyTorch does", () => {
    setPrintOptions({ sciMode: true });
    expect(formatTensor(float32([1]))).toBe("tensor([1.0000e+00])");
    setPrintOptions({ precision: 4 });
    expect(formatTensor(float32([1]))).toBe("tensor([1.])");
  });
  it("leave the defaults alone", () => {
    setPrintOptions({ precision: 1 });
    expect(defaultPrintOptions.precision).toBe(4);
    expect(formatTensor(float32([0.25]), defaultPrintOptions)).toBe("tensor([0.2500])");
  });
  it("are refused by name when they make no sense", () => {
    expect(() => setPrintOptions({ precision: -1 })).toThrow(
      "setPrintOptions: precision must be an integer from 0 to 1074, got -1",
    );
    expect(() => formatTensor(int64([1]), { edgeitems: 0.5 })).toThrow(
      "formatTensor: edgeitems must be an integer from 0, got 0.5",
    );
  });
});

test("formatting never throws, whatever the shape, the values and the options", () => {
  const floats = ["float16", "bfloat16", "float32", "float64"];
  const integers = ["bool", "uint8", "int8", "int16", "int32", "int64"];
  const cases = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 4 }).chain((shape) => {
    const length = shape.reduce((a, b) => a * b, 1);
    const size = { minLength: length, maxLength: length };
    const value = fc.oneof(fc.double(), fc.float(), fc.integer());
    return fc.oneof(
      fc.record({
        shape: fc.constant(shape),
        dtype: fc.constantFrom(...floats),
        data: fc.array(value, size),
      }),
      fc.record({
        shape: fc.constant(shape),
        dtype: fc.constantFrom(...integers),
        data: fc.array(
          fc.oneof(fc.integer(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
          size,
        ),
      }),
    );
  });
  const options: fc.Arbitrary<Partial<PrintOptions>> = fc.record(
    {
      precision: fc.nat({ max: 25 }),
      threshold: fc.nat({ max: 40 }),
      edgeitems: fc.nat({ max: 3 }),
      linewidth: fc.integer({ min: 1, max: 120 }),
      sciMode: fc.constantFrom(true, false, null),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(cases, options, fc.array(fc.string()), (tensor, chosen, suffixes) => {
      const text = formatTensor({ ...tensor, suffixes }, chosen);
      expect(text.startsWith("tensor(") && text.endsWith(")")).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test("a decimal is the nearest one to its value", () => {
  fc.assert(
    fc.property(fc.double({ noDefaultInfinity: true, noNaN: true }), (x) => {
      const tensor = { shape: [], dtype: "float64", data: [x] };
      const text = formatTensor(tensor, { precision: 17, sciMode: true });
      expect(Object.is(Number(/\((.*),/.exec(text)?.[1]), x)).toBe(true);
    }),
  );
});

interface StoredTensor {
  shape: number[];
  dtype: string;
  data: string;
  requires_grad?: boolean;
}

interface StoredOptions {
  precision?: number;
  threshold?: number;
  edgeitems?: number;
  linewidth?: number;
  sci_mode?: boolean;
  profile?: "default" | "short" | "full";
}

interface ReprCase {
  id: string;
  source: string;
  tensor: StoredTensor;
  repr: string;
  str?: string;
  print_options?: StoredOptions;
}

/** A 16-bit float with `exponentBits`, by its bits. */
function fromHalf(bits: number, exponentBits: number): number {
  const mantissaBits = 15 - exponentBits;
  const top = 2 ** exponentBits - 1;
  const sign = bits >= 0x8000 ? -1 : 1;
  const exponent = (bits >> mantissaBits) & top;
  const mantissa = (bits & (2 ** mantissaBits - 1)) / 2 ** mantissaBits;
  const bias = 2 ** (exponentBits - 1) - 1;
  if (exponent === top) return mantissa === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * mantissa * 2 ** (1 - bias);
  return sign * (1 + mantissa) * 2 ** (exponent - bias);
}

const readers: Record<string, (bytes: ArrayBuffer) => ArrayLike<number | bigint>> = {
  bool: (bytes) => new Uint8Array(bytes),
  uint8: (bytes) => new Uint8Array(bytes),
  int8: (bytes) => new Int8Array(bytes),
  int16: (bytes) => new Int16Array(bytes),
  int32: (bytes) => new Int32Array(bytes),
  int64: (bytes) => new BigInt64Array(bytes),
  float16: (bytes) => Array.from(new Uint16Array(bytes), (bits) => fromHalf(bits, 5)),
  bfloat16: (bytes) => Array.from(new Uint16Array(bytes), (bits) => fromHalf(bits, 8)),
  float32: (bytes) => new Float32Array(bytes),
  float64: (bytes) => new Float64Array(bytes),
};

function stored({ shape, dtype, data, requires_grad }: StoredTensor): Printable {
  const read = readers[dtype];
  if (read === undefined) throw new Error(`corpus: no reader for dtype ${dtype}`);
  const bytes = Uint8Array.from(Buffer.from(data, "base64")).buffer;
  return { shape, dtype, data: read(bytes), suffixes: requires_grad ? ["requires_grad=True"] : [] };
}

test("every recorded tensor prints as in PyTorch", (ctx) => {
  const path = fileURLToPath(new URL("../../../shared/oracle/semantics.json.gz", import.meta.url));
  if (!existsSync(path)) {
    console.warn(`SKIPPED: printing corpus not found at ${path}`);
    ctx.skip(`corpus not found at ${path}`);
  }
  const { reprs }: { reprs: ReprCase[] } = JSON.parse(gunzipSync(readFileSync(path)).toString());
  expect(reprs.length).toBeGreaterThan(0);
  for (const { id, source, tensor, repr, str, print_options = {} } of reprs) {
    const { sci_mode: sciMode = null, ...options } = print_options;
    setPrintOptions({ profile: "default" });
    setPrintOptions({ ...options, sciMode });
    expect(formatTensor(stored(tensor)), `${id}: ${source}`).toBe(repr);
    if (str !== undefined) expect(formatTensor(stored(tensor)), `${id}: str`).toBe(str);
  }
});
