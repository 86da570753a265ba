// Small programs for the runtime's tests: kernels written by hand, launches put together by hand.
import type { Cell, Launch, Program, ProgramModule, Stage } from "../../src/base/program.ts";
import type { FunctionBuilder, Local } from "../../src/wasm/function.ts";
import { ModuleBuilder } from "../../src/wasm/module.ts";

export type KernelName =
  | "fill"
  | "scale"
  | "add"
  | "partial"
  | "count"
  | "trapAt"
  | "spin"
  | "fault";

let nextId = 1;

/** Every kernel of the tests, for a shared memory or one that is not. */
export function kernelModule(shared: boolean): ProgramModule {
  const memory = { shared, minPages: 1, maxPages: 65_536, addressType: "i32" } as const;
  const builder = new ModuleBuilder({ memory, simd: "fixed" });
  defineNumbers(builder);
  defineTroubles(builder);
  return { id: nextId++, module: new WebAssembly.Module(builder.toBytes()) };
}

type Index = Local<"i32">;

/** A kernel that does `body` for each of its units. */
function perUnit(
  builder: ModuleBuilder,
  name: KernelName,
  body: (f: FunctionBuilder, args: Index, unit: Index) => void,
): void {
  builder.func(name, ["i32", "i32", "i32"], [], (f, args, unit, end) => {
    f.loop((again) => {
      body(f, args, unit);
      f.get(unit);
      f.i32(1);
      f.op("i32.add");
      f.tee(unit);
      f.get(end);
      f.op("i32.lt_u");
      f.brIf(again);
    });
  });
}

/** The address of element `unit` of the buffer in a cell. */
function element(f: FunctionBuilder, args: Index, cell: number, unit: Index): void {
  f.get(args);
  f.load("i32.load", { offset: 8 * cell });
  f.get(unit);
  f.i32(2);
  f.op("i32.shl");
  f.op("i32.add");
}

function loadElement(f: FunctionBuilder, args: Index, cell: number, unit: Index): void {
  element(f, args, cell, unit);
  f.load("f32.load");
}

function defineNumbers(builder: ModuleBuilder): void {
  // out[i] = value
  perUnit(builder, "fill", (f, args, unit) => {
    element(f, args, 0, unit);
    f.get(args);
    f.load("f32.load", { offset: 8 });
    f.store("f32.store");
  });
  // out[i] = x[i] · f32(factor) + i, the factor an f64
  perUnit(builder, "scale", (f, args, unit) => {
    element(f, args, 0, unit);
    loadElement(f, args, 1, unit);
    f.get(args);
    f.load("f64.load", { offset: 16 });
    f.op("f32.demote_f64");
    f.op("f32.mul");
    f.get(unit);
    f.op("f32.convert_i32_s");
    f.op("f32.add");
    f.store("f32.store");
  });
  // out[i] = x[i] + y[0]
  perUnit(builder, "add", (f, args, unit) => {
    element(f, args, 0, unit);
    loadElement(f, args, 1, unit);
    f.get(args);
    f.load("i32.load", { offset: 16 });
    f.load("f32.load");
    f.op("f32.add");
    f.store("f32.store");
  });
  definePartial(builder);
}

/** out[i] = Σ x[count · i + k] over k < count */
function definePartial(builder: ModuleBuilder): void {
  perUnit(builder, "partial", (f, args, unit) => {
    const sum = f.local("f32");
    const k = f.local("i32");
    const last = f.local("i32");
    f.f32(0);
    f.set(sum);
    f.get(unit);
    f.get(args);
    f.load("i32.load", { offset: 16 });
    f.op("i32.mul");
    f.tee(k);
    f.get(args);
    f.load("i32.load", { offset: 16 });
    f.op("i32.add");
    f.set(last);
    f.loop((again) => {
      f.get(sum);
      loadElement(f, args, 1, k);
      f.op("f32.add");
      f.set(sum);
      f.get(k);
      f.i32(1);
      f.op("i32.add");
      f.tee(k);
      f.get(last);
      f.op("i32.lt_u");
      f.brIf(again);
    });
    element(f, args, 0, unit);
    f.get(sum);
    f.store("f32.store");
  });
}

function defineTroubles(builder: ModuleBuilder): void {
  // counter += 1, not atomically: two at once would be seen as a lost step
  perUnit(builder, "count", (f, args) => {
    f.get(args);
    f.load("i32.load");
    f.get(args);
    f.load("i32.load");
    f.load("i32.load");
    f.i32(1);
    f.op("i32.add");
    f.store("i32.store");
  });
  perUnit(builder, "trapAt", (f, args, unit) => {
    f.get(unit);
    f.get(args);
    f.load("i32.load");
    f.op("i32.eq");
    f.if(() => f.unreachable());
  });
  // counts down from the scalar
  perUnit(builder, "spin", (f, args) => {
    const left = f.local("i32");
    f.get(args);
    f.load("i32.load");
    f.set(left);
    f.loop((again) => {
      f.get(left);
      f.i32(1);
      f.op("i32.sub");
      f.tee(left);
      f.brIf(again);
    });
  });
  // fault record = (1 + launch, unit)
  perUnit(builder, "fault", (f, args, unit) => {
    f.get(args);
    f.load("i32.load");
    f.get(args);
    f.load("i32.load", { offset: 8 });
    f.i32(1);
    f.op("i32.add");
    f.store("i32.store");
    f.get(args);
    f.load("i32.load");
    f.get(unit);
    f.store("i32.store", { offset: 4 });
  });
}

export const input = (index: number, offset = 0): Cell => at("input", index, offset);
export const output = (index: number, offset = 0): Cell => at("output", index, offset);
export const arena = (offset: number): Cell => at("arena", 0, offset);

function at(from: "input" | "output" | "arena", index: number, offset: number): Cell {
  return { kind: "address", from, index, offset };
}

export function scalar(index: number, type: "f32" | "f64" | "i32"): Cell {
  return { kind: "scalar", index, type };
}

export interface LaunchPlan {
  readonly kernel: KernelName;
  readonly units: number;
  readonly grain?: number;
  readonly cells: readonly Cell[];
}

export interface ProgramPlan {
  readonly module: ProgramModule;
  /** A list of launches is a parallel stage. */
  readonly stages: readonly (readonly LaunchPlan[] | { readonly serial: readonly LaunchPlan[] })[];
  readonly outputs?: readonly number[];
  readonly inputCount?: number;
  readonly scalarCount?: number;
  readonly arenaBytes?: number;
}

export function makeProgram(plan: ProgramPlan): Program {
  const names: KernelName[] = [];
  const launches: Launch[] = [];
  const stages: Stage[] = [];
  for (const stage of plan.stages) {
    const isSerial = "serial" in stage;
    const first = launches.length;
    const own = (isSerial ? stage.serial : stage).map(({ kernel, units, grain = units, cells }) => {
      if (!names.includes(kernel)) names.push(kernel);
      const label = `${kernel} [${units}]`;
      return { kernel: names.indexOf(kernel), units, grain, cells, label };
    });
    launches.push(...own);
    const tiles = own.reduce((sum, { units, grain }) => sum + Math.ceil(units / grain), 0);
    const kind = isSerial ? "serial" : "parallel";
    stages.push({ kind, first, count: own.length, tiles: isSerial ? 1 : tiles });
  }
  return {
    id: nextId++,
    modules: [plan.module],
    kernels: names.map((exportName) => ({ module: 0, exportName })),
    launches,
    stages,
    outputs: plan.outputs ?? [],
    inputCount: plan.inputCount ?? 0,
    scalarCount: plan.scalarCount ?? 0,
    arenaBytes: plan.arenaBytes ?? 0,
  };
}

/** One tile that counts down for about `milliseconds` per 10⁶ of scalar 0, `units` times. */
export function spinProgram(module: ProgramModule, units: number): Program {
  const cells = [scalar(0, "i32")];
  return makeProgram({
    module,
    stages: [[{ kernel: "spin", units, grain: 1, cells }]],
    scalarCount: 1,
  });
}

/** counter (input 0) += 1, `steps` times, in a serial stage. */
export function countProgram(module: ProgramModule, steps: number): Program {
  const step: LaunchPlan = { kernel: "count", units: 1, cells: [input(0)] };
  const serial = new Array<LaunchPlan>(steps).fill(step);
  return makeProgram({ module, stages: [{ serial }], inputCount: 1 });
}

export const mixedUnits = 10_000;

/**
 * out = y + Σ y with y = fill(scalar 0) · scalar 1 + i: five stages, parallel and serial, in odd tiles,
 * through the arena.
 */
export function mixedProgram(module: ProgramModule): Program {
  const y = arena(mixedUnits * 4);
  const partials = arena(mixedUnits * 8);
  const total = arena(mixedUnits * 8 + 4096);
  const count = 100;
  return makeProgram({
    module,
    stages: [
      [{ kernel: "fill", units: mixedUnits, grain: 77, cells: [arena(0), scalar(0, "f32")] }],
      [{ kernel: "scale", units: mixedUnits, grain: 61, cells: [y, arena(0), scalar(1, "f64")] }],
      [{ kernel: "partial", units: count, grain: 3, cells: [partials, y, scalar(2, "i32")] }],
      { serial: [{ kernel: "partial", units: 1, cells: [total, partials, scalar(2, "i32")] }] },
      [{ kernel: "add", units: mixedUnits, grain: 129, cells: [output(0), y, total] }],
    ],
    outputs: [mixedUnits * 4],
    scalarCount: 3,
    arenaBytes: mixedUnits * 8 + 8192,
  });
}

export const mixedScalars = [0.1, 1.7, 100];
