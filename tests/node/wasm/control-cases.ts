/** Control flow and variables: each a small function of one i32. */
import { expect } from "vitest";
import type { FunctionBuilder, Local } from "../../../src/wasm/function.ts";
import type { ControlOp } from "../../../src/wasm/opcodes.ts";
import type { Bench, Case } from "./bench.ts";
import { instantiate, newModule } from "./bench.ts";

type Body = (f: FunctionBuilder, x: Local<"i32">) => void;

function results(body: Body, inputs: readonly number[]) {
  return ({ name, addressType }: Bench): Map<number, unknown> => {
    const module = newModule(addressType);
    module.func(name, ["i32"], ["i32"], body);
    const run = instantiate(module)[name];
    return new Map(inputs.map((x) => [x, run?.(x)]));
  };
}

/** What the function gives for each input. */
function gives(wanted: Record<number, number>, body: Body): Case<ControlOp> {
  const inputs = Object.keys(wanted).map(Number);
  return (bench) => {
    const got = results(body, inputs)(bench);
    expect(Object.fromEntries(got), bench.name).toEqual(wanted);
  };
}

/** x + 10 by way of a variable. */
const viaLocal: Body = (f, x) => {
  const sum = f.local("i32");
  f.get(x);
  f.i32(10);
  f.op("i32.add");
  f.set(sum);
  f.get(sum);
};

/** 1 + 2 + … + x by a loop left at its head. */
const triangle: Body = (f, x) => {
  const sum = f.local("i32");
  f.block((done) => {
    f.loop((again) => {
      f.get(x);
      f.op("i32.eqz");
      f.brIf(done);
      f.get(sum);
      f.get(x);
      f.op("i32.add");
      f.set(sum);
      f.get(x);
      f.i32(1);
      f.op("i32.sub");
      f.set(x);
      f.br(again);
    });
  });
  f.get(sum);
};

const choose: Body = (f, x) => {
  f.get(x);
  f.if(
    () => f.i32(7),
    () => f.i32(-7),
    "i32",
  );
};

/** Leaves two blocks at once with a value. */
const leaveWithValue: Body = (f, x) => {
  f.block((out) => {
    f.block(() => {
      f.get(x);
      f.i32(100);
      f.op("i32.mul");
      f.br(out);
    });
    f.i32(-1);
  }, "i32");
};

export const controlCases: Record<ControlOp, Case<ControlOp>> = {
  unreachable: ({ name, addressType }) => {
    const module = newModule(addressType);
    module.func("run", [], ["f64"], (f) => f.unreachable());
    expect(() => instantiate(module).run?.(), name).toThrow(WebAssembly.RuntimeError);
  },
  block: gives({ 3: 300 }, leaveWithValue),
  loop: gives({ 0: 0, 1: 1, 10: 55 }, triangle),
  if: gives({ 0: 5, 1: 6 }, (f, x) => {
    f.get(x);
    f.if(() => {
      f.i32(1);
      f.set(x);
    });
    f.get(x);
    f.i32(5);
    f.op("i32.add");
  }),
  else: gives({ 0: -7, 1: 7, [-1]: 7 }, choose),
  end: gives({ 0: 0, 4: 10 }, triangle),
  br: gives({ 0: 0, 2: 200 }, leaveWithValue),
  br_if: gives({ 0: 1, 9: 2 }, (f, x) => {
    f.block((out) => {
      f.i32(2);
      f.get(x);
      f.brIf(out);
      f.drop();
      f.i32(1);
    }, "i32");
  }),
  return: gives({ 0: 4, 1: 3 }, (f, x) => {
    f.get(x);
    f.if(() => {
      f.i32(3);
      f.return();
    });
    f.i32(4);
  }),
  call: ({ name, addressType }) => {
    const module = newModule(addressType);
    const host = module.importFunc("host", ["i32", "f64"], ["f64"]);
    const inner = module.internal("inner", ["i32"], ["f64"], (f, x) => {
      f.get(x);
      f.f64(0.25);
      f.call(host);
    });
    module.func("run", ["i32"], ["f64"], (f, x) => {
      f.get(x);
      f.call(inner);
    });
    const { run, inner: hidden } = instantiate(module, { host: (x: number, y: number) => x + y });
    expect(run?.(3), name).toBe(3.25);
    expect(hidden).toBeUndefined();
  },
  drop: gives({ 6: 6 }, (f, x) => {
    f.get(x);
    f.v128i32(1);
    f.drop();
  }),
  select: gives({ 0: 22, 1: 11, 2: 11 }, (f, x) => {
    f.v128i32(11);
    f.v128i32(22);
    f.get(x);
    f.select();
    f.lane("i32x4.extract_lane", 3);
  }),
  "local.get": gives({ 8: 8 }, (f) => f.get(f.param(0))),
  "local.set": gives({ 8: 18 }, viaLocal),
  "local.tee": gives({ 8: 16 }, (f, x) => {
    const copy = f.local("i32");
    f.get(x);
    f.tee(copy);
    f.get(copy);
    f.op("i32.add");
  }),
};
