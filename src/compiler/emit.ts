// emit: Placed → Program. Kernels whose code is known are reused; the others become one new module.

import { dtypes } from "../base/dtypes.ts";
import { invariant } from "../base/errors.ts";
import type { Cell, KernelRef, Launch, Program, ProgramModule } from "../base/program.ts";
import { ModuleBuilder, type ModuleOptions } from "../wasm/module.ts";
import { mayFault } from "./emit/index-check.ts";
import { writeKernel } from "./emit/kernel-code.ts";
import { type CellUse, cellsOf } from "./emit/loop-writer.ts";
import { type Buffer, partsOf, type RunnableKernel, type Stream } from "./kernel.ts";
import type { Placed } from "./plan.ts";
import { type Range, type Sharing, sharingOf, stagesOf, type Touches } from "./stages.ts";

/** What the program must say of its graph. */
export interface Frame {
  readonly inputCount: number;
  readonly scalarCount: number;
  /** Bytes of each output. */
  readonly outputs: readonly number[];
}

/** Code by structure, for all programs of a compiler. */
export class KernelCache {
  private readonly known = new Map<string, { module: number; exportName: string }>();
  private readonly modules = new Map<number, WebAssembly.Module>();
  private programs = 0;

  constructor(private readonly options: ModuleOptions) {}

  get size(): number {
    return this.known.size;
  }

  nextProgram(): number {
    return this.programs++;
  }

  /** Where each kernel's code is; what is new is compiled together. */
  find(kernels: readonly RunnableKernel[]): { refs: KernelRef[]; modules: ProgramModule[] } {
    const keys = kernels.map(codeKey);
    const fresh = new Map<string, RunnableKernel>();
    keys.forEach((key, at) => {
      if (!this.known.has(key)) fresh.set(key, kernels[at] as RunnableKernel);
    });
    if (fresh.size > 0) this.compile(fresh);
    const ids = [...new Set(keys.map((key) => this.known.get(key)?.module as number))];
    const refs = keys.map((key): KernelRef => {
      const { module, exportName } = this.known.get(key) as { module: number; exportName: string };
      return { module: ids.indexOf(module), exportName };
    });
    const modules = ids.map((id) => ({ id, module: this.modules.get(id) as WebAssembly.Module }));
    return { refs, modules };
  }

  private compile(fresh: ReadonlyMap<string, RunnableKernel>): void {
    const builder = new ModuleBuilder(this.options);
    const id = this.modules.size;
    for (const [key, kernel] of fresh) {
      const exportName = `${kernel.kind} ${this.known.size} ${kernel.label}`;
      writeKernel(builder, exportName, kernel);
      this.known.set(key, { module: id, exportName });
    }
    this.modules.set(id, new WebAssembly.Module(builder.toBytes()));
  }
}

/** Spells all that the code depends on: not which buffers, offsets and scalars it is run with. */
function codeKey(kernel: RunnableKernel): string {
  const scalars: number[] = [];
  return JSON.stringify(kernel, (key, value: unknown) => {
    if (key === "label") return undefined;
    if (isStream(value)) return codeOfStream(value);
    if (Object.is(value, -0)) return "-0";
    if (typeof value === "bigint") return `${value}n`;
    if (typeof value === "number" && !Number.isFinite(value)) return String(value);
    if (isScalar(value)) {
      if (!scalars.includes(value.index)) scalars.push(value.index);
      return { ...value, kind: "scalar parameter", index: scalars.indexOf(value.index) };
    }
    return value;
  });
}

/** Scratch is reached from the worker's own address: where it lies there is part of the code. */
const codeOfStream = (stream: Stream) => ({
  ...stream,
  buffer: stream.buffer.kind === "scratch" ? `scratch ${stream.buffer.index}` : "",
  offset: 0,
  reach: 0,
});

const isStream = (value: unknown): value is Stream =>
  typeof value === "object" &&
  value !== null &&
  "buffer" in value &&
  typeof value.buffer === "object";

const isScalar = (value: unknown): value is { kind: "scalar"; index: number } =>
  typeof value === "object" && value !== null && (value as { kind?: unknown }).kind === "scalar";

export function emit(placed: Placed, cache: KernelCache, frame: Frame): Program {
  const { refs, modules } = cache.find(placed.kernels);
  const sharings = placed.kernels.map(sharingOf);
  const launches = placed.kernels.map((kernel, at): Launch => {
    const { units, grain } = sharings[at] as Sharing;
    const cells = partsOf(kernel).flatMap((part) =>
      cellsOf(part, mayFault(part)).map((use) => cellFor(use, part, placed)),
    );
    return {
      kernel: at,
      units,
      grain,
      cells,
      label: kernel.label,
    };
  });
  const touches = placed.kernels.map((kernel) => touchesOf(kernel, placed));
  return {
    id: cache.nextProgram(),
    modules,
    kernels: refs,
    launches,
    stages: stagesOf(sharings, touches),
    outputs: frame.outputs,
    inputCount: frame.inputCount,
    scalarCount: frame.scalarCount,
    arenaBytes: placed.arenaBytes,
  };
}

function cellFor(use: CellUse, kernel: RunnableKernel, placed: Placed): Cell {
  if (use.kind === "fault" || use.kind === "launch") return { kind: use.kind };
  if (use.kind === "scalar") return { kind: "scalar", index: use.index, type: scalarType(use) };
  const { buffer, offset, dtype } = kernel.streams[use.index] as Stream;
  const bytes = offset * dtypes[dtype].bytes;
  invariant(buffer.kind !== "scratch", "emit: scratch has no cell");
  if (buffer.kind !== "temp")
    return { kind: "address", from: buffer.kind, index: buffer.index, offset: bytes };
  const start = placed.offsets.get(buffer.index) ?? 0;
  return { kind: "address", from: "arena", index: 0, offset: start + bytes };
}

const scalarType = ({ type }: CellUse): "f32" | "f64" | "i32" =>
  type === "f32" || type === "f64" ? type : "i32";

/** The streams that a kernel writes. */
export function writtenBy(kernel: RunnableKernel): ReadonlySet<number> {
  const written = new Set<number>();
  if ("stores" in kernel) for (const { stream } of kernel.stores) written.add(stream);
  if ("epilogue" in kernel) for (const { stream } of kernel.epilogue) written.add(stream);
  for (const { stores, epilogue } of "passes" in kernel ? kernel.passes : []) {
    for (const { stream } of [...stores, ...epilogue]) written.add(stream);
  }
  if ("target" in kernel) written.add(kernel.target);
  if ("store" in kernel && kernel.store !== null) written.add(kernel.store);
  if ("buckets" in kernel) written.add(kernel.buckets.counts).add(kernel.buckets.lists);
  if ("partials" in kernel && kernel.kind !== "merge") {
    for (const stream of kernel.partials?.streams.flat() ?? []) written.add(stream);
  }
  return written;
}

/** What a kernel reads and writes of the arena and of other buffers. */
export function touchesOf(kernel: RunnableKernel, placed: Placed): Touches {
  const touches = partsOf(kernel).map((part) => touchesOfPart(part, placed));
  return {
    reads: touches.flatMap(({ reads }) => reads),
    writes: touches.flatMap(({ writes }) => writes),
  };
}

function touchesOfPart(kernel: RunnableKernel, placed: Placed): Touches {
  const written = writtenBy(kernel);
  const isReadToo = kernel.kind === "scatter" || "scanner" in kernel || "buckets" in kernel;
  const ranges = (isWanted: (stream: number) => boolean): Range[] =>
    kernel.streams
      .filter(({ buffer }, at) => buffer.kind !== "scratch" && isWanted(at))
      .map(({ buffer }) => rangeOf(buffer, placed));
  return {
    reads: ranges((stream) => !written.has(stream) || isReadToo),
    writes: ranges((stream) => written.has(stream)),
  };
}

function rangeOf(buffer: Buffer, placed: Placed): Range {
  if (buffer.kind !== "temp")
    return { buffer: `${buffer.kind} ${buffer.index}`, from: 0, to: Infinity };
  const from = placed.offsets.get(buffer.index) ?? 0;
  return { buffer: "arena", from, to: from + (placed.sizes.get(buffer.index) ?? 0) };
}
