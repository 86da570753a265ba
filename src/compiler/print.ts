// Kernels as text, for people and for tests that pin what a program became.
//
//   rows [16777216r] chunks 1024
//     v0 = load input 0 (1)
//     v1 = add.f32 v0 2 …

import type { LaneBody, LaneInstruction } from "../base/lanes.ts";
import type { KernelValue, Pass, RunnableKernel, Span, Stream } from "./kernel.ts";

export function printKernel(kernel: RunnableKernel): string {
  const axes = kernel.axes.map(({ size, isReduced }) => `${size}${isReduced ? "r" : ""}`);
  const lines = [`${kernel.kind} [${axes.join(" ")}]${chunksOf(kernel)}  ${kernel.label}`];
  for (const { from, to, stores, reductions, epilogue } of walksOf(kernel)) {
    kernel.values.slice(from, to).forEach((value, at) => {
      lines.push(`  v${from + at} = ${printValue(value, kernel)}`);
    });
    lines.push(...stores.map((store) => printStore(store, kernel)));
    lines.push(...reductions.map(({ value }, at) => `  reduce ${at} over v${value}`));
    lines.push(...epilogue.map((store) => `${printStore(store, kernel)} (epilogue)`));
  }
  return lines.join("\n");
}

interface Walk extends Span, Pick<Pass, "stores" | "reductions" | "epilogue"> {}

/** The kernel's passes; one, where it knows of none. */
function walksOf(kernel: RunnableKernel): Walk[] {
  if (kernel.kind === "rows") {
    return kernel.passes.map((pass) => ({ ...pass, from: pass.body.from, to: pass.after.to }));
  }
  const stores = "stores" in kernel ? kernel.stores : [];
  const reductions = kernel.kind === "columns" ? kernel.reductions : [];
  const epilogue = kernel.kind === "merge" ? kernel.epilogue : [];
  return [{ from: 0, to: kernel.values.length, stores, reductions, epilogue }];
}

function chunksOf(kernel: RunnableKernel): string {
  if (kernel.kind === "merge") return ` of ${kernel.chunkCount} chunks`;
  return "chunks" in kernel && kernel.chunks.count > 1 ? ` in ${kernel.chunks.count} chunks` : "";
}

const printStore = ({ value, stream }: { value: number; stream: number }, kernel: RunnableKernel) =>
  `  ${printStream(kernel.streams[stream] as Stream)} ← v${value}`;

function printStream({ buffer, strides, offset, steps }: Stream): string {
  const start = offset === 0 ? "" : ` + ${offset}`;
  const divided = steps ? ` divided by ${steps.map(({ size }) => size).join(" ")}` : "";
  return `${buffer.kind} ${buffer.index} (${strides.join(" ")})${start}${divided}`;
}

function printValue(value: KernelValue, kernel: RunnableKernel): string {
  switch (value.kind) {
    case "load":
      return `load ${printStream(kernel.streams[value.stream] as Stream)}`;
    case "gather":
      return `gather ${printStream(kernel.streams[value.stream] as Stream)} at v${value.index}`;
    case "apply":
      return printBody(value.body, value.args);
    case "constant":
      return `${value.type} ${value.value}`;
    case "scalar":
      return `${value.type} scalar ${value.index}`;
    case "index":
      return `index (${value.strides.join(" ")})`;
    case "product":
      return "product";
    default:
      return `reduced ${value.reduction}`;
  }
}

/** Instructions in one line, constants written where they are used. */
export function printBody(body: LaneBody, args: readonly number[]): string {
  const names = args.map((arg) => `v${arg}`);
  const lines: string[] = [];
  body.instructions.forEach((instruction, at) => {
    if (instruction.op === "const") names.push(String(instruction.value));
    else {
      names.push(body.instructions.length === 1 ? "" : `t${at}`);
      lines.push(`${names.at(-1) && `${names.at(-1)} = `}${spell(instruction, names)}`);
    }
  });
  return lines.length > 0 ? lines.join("; ") : (names[body.outputs[0] as number] ?? "");
}

function spell({ op, type, args, value }: LaneInstruction, names: readonly string[]): string {
  const bits = value === undefined ? "" : ` ${value}`;
  return `${op}.${type} ${args.map((arg) => names[arg]).join(" ")}${bits}`;
}
