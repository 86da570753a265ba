/** The assembler: every opcode against JavaScript, the checks while writing, the encodings. */
import { describe, expect, test } from "vitest";
import { ByteWriter } from "../../src/wasm/byte-writer.ts";
import { fixedSimd, memory64, relaxedSimd, threads } from "../../src/wasm/features.ts";
import type { FunctionBuilder, Label } from "../../src/wasm/function.ts";
import { ModuleBuilder } from "../../src/wasm/module.ts";
import type { AddressType, OpName, RelaxedOp } from "../../src/wasm/opcodes.ts";
import { opcodes } from "../../src/wasm/opcodes.ts";
import type { Bench } from "./wasm/bench.ts";
import { instantiate, newModule, program, sharedMemory } from "./wasm/bench.ts";
import { cases } from "./wasm/cases.ts";
import { fusedMultiplyAdd, rounded } from "./wasm/exact.ts";
import { wrongImmediates } from "./wasm/wrong-immediates.ts";

const names = Object.keys(opcodes) as OpName[];
const relaxedNames = names.filter((name) => opcodes[name].isRelaxed) as RelaxedOp[];
const widths: AddressType[] = memory64() ? ["i32", "i64"] : ["i32"];

const missing = [
  relaxedSimd() ? [] : [`relaxed SIMD (${relaxedNames.length} opcodes)`],
  memory64() ? [] : ["memory64 (all opcodes with 64-bit addresses)"],
].flat();
if (missing.length > 0) console.warn(`NOT TESTED, not in this engine: ${missing.join("; ")}`);

function runCase<N extends OpName>(bench: Bench<N>): void {
  cases[bench.name](bench);
}

describe("opcodes", () => {
  test("the engine has what every kernel needs", () => {
    expect([fixedSimd(), threads()]).toEqual([true, true]);
  });

  test("no two rows have the same bytes", () => {
    expect(new Set(names.map((name) => opcodes[name].head.join())).size).toBe(names.length);
  });

  for (const addressType of widths) {
    const tested = names.filter((name) => relaxedSimd() || !opcodes[name].isRelaxed);
    test.each(tested)(`%s does what JavaScript says (${addressType} addresses)`, (name) => {
      runCase({ name, addressType });
    });
  }

  test("the oracle's rounding is right", () => {
    expect(rounded(2n ** 60n + 1n, 0, "f64")).toBe(2 ** 60);
    expect(rounded((1n << 24n) + 1n, 0, "f32")).toBe(2 ** 24);
    expect(rounded((1n << 24n) + 3n, 0, "f32")).toBe(2 ** 24 + 4);
    expect(rounded(3n, -150, "f32")).toBe(2 ** -148);
    expect(rounded(1n, 128, "f32")).toBe(Number.POSITIVE_INFINITY);
    const e = 2 ** -27;
    expect(fusedMultiplyAdd(1 + e, 1 - e, -1, "f64")).toBe(-(e * e));
    expect(fusedMultiplyAdd(-0, 1, -0, "f32")).toBe(-0);
  });
});

/** What a line that is written wrongly says. */
function complaint(body: (f: FunctionBuilder) => void, module = newModule("i32")): string {
  try {
    module.func("wrong", ["i32"], [], body);
  } catch (error) {
    return (error as Error).message;
  }
  return "nothing";
}

describe("checks while a function is written", () => {
  test("a wrong operand is named with what was wanted and what was there", () => {
    expect(
      complaint((f) => {
        f.v128f32(1);
        f.i32(1);
        f.op("f32x4.add");
      }),
    ).toBe("f32x4.add: wanted v128 v128 on the stack, got v128 i32");
    expect(complaint((f) => f.op("i32.add"))).toBe(
      "i32.add: wanted i32 i32 on the stack, got nothing",
    );
  });

  test("the error's trace leads through the emitting line", () => {
    const emitWrongly = (f: FunctionBuilder) => f.op("f64.sqrt");
    expect(() => newModule("i32").func("wrong", [], [], emitWrongly)).toThrow(
      expect.objectContaining({ stack: expect.stringContaining("emitWrongly") }),
    );
  });

  test("an address of the wrong width is told from the right one", () => {
    const load = (f: FunctionBuilder) => {
      f.i32(0);
      f.load("f32.load");
      f.drop();
    };
    expect(complaint(load)).toBe("nothing");
    expect(complaint(load, newModule("i64"))).toBe(
      "f32.load: wanted i64 on the stack, got i32 (addresses are i64 here)",
    );
  });

  test("a block cannot take from outside it, and must leave exactly its result", () => {
    expect(
      complaint((f) => {
        f.i32(1);
        f.block(() => f.drop());
      }),
    ).toBe("drop: wanted a value on the stack, got nothing");
    expect(complaint((f) => f.block(() => f.f32(1)))).toBe(
      "block: wanted nothing on the stack at its end, got f32",
    );
    expect(complaint((f) => f.block(() => f.f32(1), "i32"))).toBe(
      "block: wanted i32 on the stack at its end, got f32",
    );
    expect(complaint((f) => f.f64(1))).toBe(
      "function: wanted nothing on the stack at its end, got f64",
    );
  });

  test("after a branch any type passes, but a present one must fit", () => {
    expect(
      complaint((f) => {
        f.block((out) => {
          f.br(out);
          f.op("f32x4.add");
          f.i32(1);
          f.select();
          f.drop();
        });
        f.return();
        f.op("i64.add");
        f.drop();
      }),
    ).toBe("nothing");
    expect(
      complaint((f) => {
        f.return();
        f.f32(1);
        f.op("i32.add");
      }),
    ).toBe("i32.add: wanted i32 i32 on the stack, got f32");
  });

  test("select wants two values of one type", () => {
    expect(
      complaint((f) => {
        f.f32(1);
        f.f64(1);
        f.i32(0);
        f.select();
      }),
    ).toBe("select: wanted two values of one type and i32 on the stack, got f32 f64 i32");
  });

  test("an if with a result needs both arms", () => {
    const wrong = (f: FunctionBuilder) => {
      f.i32(1);
      f.if(() => f.f32(1), undefined, "f32");
    };
    expect(complaint(wrong)).toBe("if: wanted a second arm that leaves f32, got none");
  });

  test("a label is gone when its block is closed", () => {
    let kept: Label | undefined;
    const wrong = (f: FunctionBuilder) => {
      f.block((label) => {
        kept = label;
      });
      f.loop(() => f.br(kept as Label));
    };
    expect(complaint(wrong)).toBe(
      "br: wanted a label whose block is open, got one of a closed block",
    );
  });

  test("variables and functions belong to where they were made", () => {
    const module = newModule("i32");
    const other = module.func("first", ["i32"], [], () => undefined);
    let leaked: Parameters<FunctionBuilder["get"]>[0] | undefined;
    module.func("second", ["i32"], [], (_, x) => {
      leaked = x;
    });
    expect(complaint((f) => f.get(leaked as NonNullable<typeof leaked>), module)).toBe(
      "local.get: wanted a variable of wrong, got one of second",
    );
    expect(complaint((f) => f.call(other))).toBe(
      "call: wanted a function of the same module, got first of another",
    );
    expect(complaint((f) => f.param(1))).toBe("param: wanted one of 1 in wrong, got 1");
    const again = () => module.func("first", [], [], () => undefined);
    expect(again).toThrow("func: wanted a new name, got first a second time");
    expect(() => module.importFunc("late", [], [])).toThrow("before the first func");
  });

  test("immediates out of range are refused", () => {
    for (const [write, text] of wrongImmediates) {
      const body = (f: FunctionBuilder) => {
        if (text.includes("lane")) f.v128i32(0);
        else f.address(0);
        write(f);
      };
      expect(complaint(body)).toBe(text);
    }
  });

  test.each(relaxedNames)("%s is refused in a module with fixed SIMD", (name) => {
    const memory = { shared: true, minPages: 1, maxPages: 1, addressType: "i32" } as const;
    const module = new ModuleBuilder({ memory, simd: "fixed" });
    expect(complaint((f) => f.op(name), module)).toBe(
      `${name}: wanted a module with simd "relaxed", got "fixed"`,
    );
  });

  test("a memory must have sizes that make sense", () => {
    const make = (minPages: number, maxPages?: number) => () =>
      new ModuleBuilder({
        memory: { shared: true, minPages, maxPages, addressType: "i32" },
        simd: "fixed",
      });
    expect(make(1)).toThrow("memory: wanted maxPages for shared, got none");
    expect(make(2, 1)).toThrow("memory: wanted 0 ≤ minPages ≤ maxPages ≤ 65536, got 2, 1");
    expect(make(1, 65536)).not.toThrow();
  });
});

function bytesOf(write: (writer: ByteWriter) => void): number[] {
  const writer = new ByteWriter(1);
  write(writer);
  return Array.from(writer.toBytes());
}

function decodeUnsigned(bytes: readonly number[]): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 7n) | BigInt(byte & 0x7f), 0n);
}

describe("encodings", () => {
  test("unsigned numbers survive up to 64 bits, as numbers and as bigints", () => {
    const edges = [0n, 1n, 127n, 128n, 16383n, 16384n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n];
    for (const n of [...edges, 2n ** 32n, 2n ** 53n - 1n]) {
      const fromBigint = bytesOf((writer) => writer.unsigned(n));
      expect(bytesOf((writer) => writer.unsigned(Number(n)))).toEqual(fromBigint);
      expect(decodeUnsigned(fromBigint)).toBe(n);
    }
    expect(bytesOf((writer) => writer.unsigned(2n ** 64n - 1n))).toEqual([
      ...Array(9).fill(0xff),
      1,
    ]);
    expect(bytesOf((writer) => writer.unsigned(624485))).toEqual([0xe5, 0x8e, 0x26]);
  });

  test("signed numbers are as short as they can be", () => {
    for (const [n, bytes] of [
      [0, [0]],
      [63, [0x3f]],
      [64, [0xc0, 0]],
      [-64, [0x40]],
      [-65, [0xbf, 0x7f]],
      [-123456, [0xc0, 0xbb, 0x78]],
      [-(2 ** 31), [0x80, 0x80, 0x80, 0x80, 0x78]],
      [2 ** 31 - 1, [0xff, 0xff, 0xff, 0xff, 0x07]],
    ] as const) {
      expect(bytesOf((writer) => writer.signed32(n))).toEqual(bytes);
      expect(bytesOf((writer) => writer.signed64(BigInt(n)))).toEqual(bytes);
    }
    expect(bytesOf((writer) => writer.signed64(-(2n ** 63n)))).toEqual([
      ...Array(9).fill(0x80),
      0x7f,
    ]);
  });

  test("an offset of 2³¹ and more reaches the upper half of a 4 GB memory", () => {
    const pages = 2 ** 15 + 1;
    const limits = { shared: false, minPages: pages, maxPages: pages, addressType: "i32" } as const;
    const module = new ModuleBuilder({ memory: limits, simd: "fixed" });
    module.func("run", [], ["i32"], (f) => {
      f.address(8);
      f.i32(1234);
      f.store("i32.store", { offset: 2 ** 31 });
      f.address(2 ** 31);
      f.load("i32.load", { offset: 8 });
    });
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const compiled = new WebAssembly.Module(module.toBytes());
    const { run } = new WebAssembly.Instance(compiled, { env: { memory } }).exports;
    expect((run as () => number)()).toBe(1234);
    expect(new Int32Array(memory.buffer, 2 ** 31, 4)[2]).toBe(1234);
  });

  test("offsets and addresses beyond 4 GB are written whole", () => {
    if (!memory64()) return;
    for (const offset of [2 ** 32, 2n ** 32n + 8n, 2 ** 40, 2n ** 63n]) {
      const run = program("i64", (f) => {
        f.address(8);
        f.load("i64.load", { offset });
        f.drop();
      });
      expect(run).toThrow(WebAssembly.RuntimeError);
    }
    const wrapped = program("i64", (f) => {
      f.address(2n ** 32n + 1024n);
      f.address(2 ** 32);
      f.addressOp("sub");
      f.i32(3);
      f.addressFromI32();
      f.address(8);
      f.addressMul();
      f.addressAdd();
      f.i64(-77);
      f.store("i64.store");
    });
    wrapped();
    expect(new BigInt64Array(sharedMemory("i64").buffer)[131]).toBe(-77n);
  });

  test.each(widths)("address arithmetic is written once for both widths (%s)", (addressType) => {
    const module = newModule(addressType);
    module.func("run", ["i32"], [addressType], (f, x) => {
      f.get(x);
      f.addressFromI32();
      f.address(12);
      f.addressMul();
      f.address(5);
      f.addressAdd();
      f.address(2);
      f.addressOp("shr_u");
    });
    const wanted = 32;
    expect(Number(instantiate(module).run?.(10))).toBe(wanted - 1);
  });
});

describe("modules", () => {
  test("many locals, types and names come out as they went in", () => {
    const module = newModule("i32");
    const types = ["i32", "f32", "f32", "v128", "i32", "f64", "i64", "i64"] as const;
    module.func("sum·exp [32, 10]", ["f32", "f64"], ["f64"], (f, x, y) => {
      const locals = Array.from({ length: 200 }, (_, i) =>
        f.local(types[i % types.length] ?? "i32"),
      );
      const last = f.local("f64");
      f.get(x);
      f.op("f64.promote_f32");
      f.get(y);
      f.op("f64.add");
      f.set(last);
      for (const local of locals) {
        f.get(local);
        f.set(local);
      }
      f.get(last);
    });
    expect(instantiate(module)["sum·exp [32, 10]"]?.(0.5, 0.25)).toBe(0.75);
    const compiled = new WebAssembly.Module(module.toBytes());
    expect(WebAssembly.Module.customSections(compiled, "name")).toHaveLength(1);
    expect(WebAssembly.Module.imports(compiled)).toEqual([
      expect.objectContaining({ module: "env", name: "memory", kind: "memory" }),
    ]);
  });

  test("a trap's trace has the function's name", () => {
    const name = "gelu·matmul";
    const module = newModule("i32");
    module.internal("quiet", [], [], () => undefined);
    module.func(name, [], [], (f) => f.unreachable());
    expect(() => instantiate(module)[name]?.()).toThrow(
      expect.objectContaining({ stack: expect.stringContaining(name) }),
    );
  });

  test("a function may have several results and no memory access", () => {
    const module = newModule("i32");
    const pair = module.internal("pair", [], ["i32", "i64"], (f) => {
      f.i32(6);
      f.i64(7n);
    });
    module.func("run", [], ["i64", "i32"], (f) => {
      const low = f.local("i32");
      f.call(pair);
      const high = f.local("i64");
      f.set(high);
      f.set(low);
      f.get(high);
      f.get(low);
    });
    expect(instantiate(module).run?.()).toEqual([7n, 6]);
  });

  test("an empty module is valid", () => {
    expect(WebAssembly.validate(newModule("i32").toBytes())).toBe(true);
  });
});
