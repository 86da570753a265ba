/**
 * A WebAssembly module under construction: one imported memory ("env" "memory"), functions that
 * are imported, exported or internal, and the names of all of them for profilers.
 *
 *     const module = new ModuleBuilder({ memory, simd: "relaxed" });
 *     module.func("double", ["i32"], ["i32"], (f, x) => { f.get(x); f.get(x); f.op("i32.add"); });
 *     new WebAssembly.Module(module.toBytes());
 */
import { fail } from "../base/errors.ts";
import { ByteWriter } from "./byte-writer.ts";
import type { Func, Local, Signature, SimdLevel, Target } from "./function.ts";
import { FunctionBuilder, typeBytes } from "./function.ts";
import type { AddressType, ValueType } from "./opcodes.ts";

const importNamespace = "env";
const memoryName = "memory";

const sections = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  export: 7,
  code: 10,
} as const;
const kinds = { function: 0, memory: 2 } as const;
const memoryFlags = { hasMaximum: 1, shared: 2, address64: 4 } as const;
const functionType = 0x60;
const functionNames = 1;

export interface MemoryOptions {
  readonly shared: boolean;
  readonly minPages: number;
  /** A shared memory must have one. */
  readonly maxPages?: number;
  readonly addressType: AddressType;
}

export interface ModuleOptions {
  readonly memory: MemoryOptions;
  readonly simd: SimdLevel;
}

type Types = readonly ValueType[];

/** Writes a body; it gets the parameters as variables, typed when the list of types is. */
export type Body<P extends Types> = (
  f: FunctionBuilder,
  ...params: { [K in keyof P]: Local<P[K]> }
) => void;

export class ModuleBuilder implements Target {
  readonly addressType: AddressType;
  readonly simd: SimdLevel;
  private readonly memory: MemoryOptions;
  private readonly signatures = new Map<string, number>();
  private readonly types = new ByteWriter();
  private readonly imports = new ByteWriter(64);
  private readonly declarations = new ByteWriter();
  private readonly exports = new ByteWriter(1024);
  private readonly exported = new Set<string>();
  private readonly code = new ByteWriter(32768);
  private readonly names = new ByteWriter(1024);
  private readonly scratch: ByteWriter[] = [];
  private importCount = 0;
  private bodyCount = 0;

  constructor({ memory, simd }: ModuleOptions) {
    checkMemory(memory);
    this.memory = memory;
    this.addressType = memory.addressType;
    this.simd = simd;
  }

  /** A function that JavaScript gives as `env[name]`; these come before all others. */
  importFunc(name: string, params: Types, results: Types): Func {
    if (this.bodyCount > 0)
      fail("importFunc", `wanted ${name} before the first func, got it after`);
    this.imports.name(importNamespace);
    this.imports.name(name);
    this.imports.byte(kinds.function);
    this.imports.unsigned(this.typeIndex({ params, results }));
    return this.named(name, { params, results }, this.importCount++);
  }

  /** An exported function. */
  func<const P extends Types>(name: string, params: P, results: Types, body: Body<P>): Func {
    if (this.exported.has(name)) fail("func", `wanted a new name, got ${name} a second time`);
    const made = this.internal(name, params, results, body);
    this.exported.add(name);
    this.exports.name(name);
    this.exports.byte(kinds.function);
    this.exports.unsigned(made.index);
    return made;
  }

  /** A function that only functions of this module can call. */
  internal<const P extends Types>(name: string, params: P, results: Types, body: Body<P>): Func {
    const signature = { params, results };
    // A body may write another function before it ends, which then needs a writer of its own.
    const code = this.scratch.pop() ?? new ByteWriter(4096);
    const builder = new FunctionBuilder(name, signature, this, code);
    // The builder makes its parameters from `params`, in order.
    body(builder, ...(builder.params as { [K in keyof P]: Local<P[K]> }));
    builder.finish(this.code);
    code.clear();
    this.scratch.push(code);
    this.declarations.unsigned(this.typeIndex(signature));
    return this.named(name, signature, this.importCount + this.bodyCount++);
  }

  toBytes(): Uint8Array<ArrayBuffer> {
    const out = new ByteWriter(this.code.length + this.names.length + 4096);
    out.append([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    writeVector(out, sections.type, [this.signatures.size, this.types]);
    const memory = this.memoryImport();
    writeVector(out, sections.import, [this.importCount + 1, this.imports, memory]);
    writeVector(out, sections.function, [this.bodyCount, this.declarations]);
    writeVector(out, sections.export, [this.exported.size, this.exports]);
    writeVector(out, sections.code, [this.bodyCount, this.code]);
    this.writeNames(out);
    return out.toBytes();
  }

  private typeIndex({ params, results }: Signature): number {
    const key = `${params}>${results}`;
    const known = this.signatures.get(key);
    if (known !== undefined) return known;
    this.types.byte(functionType);
    for (const list of [params, results]) {
      this.types.unsigned(list.length);
      for (const type of list) this.types.byte(typeBytes[type]);
    }
    this.signatures.set(key, this.signatures.size);
    return this.signatures.size - 1;
  }

  private named(name: string, signature: Signature, index: number): Func {
    this.names.unsigned(index);
    this.names.name(name);
    return { ...signature, name, index, target: this };
  }

  private memoryImport(): ByteWriter {
    const { shared, minPages, maxPages, addressType } = this.memory;
    const out = new ByteWriter(32);
    out.name(importNamespace);
    out.name(memoryName);
    out.byte(kinds.memory);
    let flags = 0;
    if (maxPages !== undefined) flags |= memoryFlags.hasMaximum;
    if (shared) flags |= memoryFlags.shared;
    if (addressType === "i64") flags |= memoryFlags.address64;
    out.byte(flags);
    out.unsigned(minPages);
    if (maxPages !== undefined) out.unsigned(maxPages);
    return out;
  }

  private writeNames(out: ByteWriter): void {
    const map = new ByteWriter(this.names.length + 8);
    map.unsigned(this.importCount + this.bodyCount);
    map.appendWriter(this.names);
    const content = new ByteWriter(map.length + 16);
    content.name("name");
    content.byte(functionNames);
    content.unsigned(map.length);
    content.appendWriter(map);
    out.byte(sections.custom);
    out.unsigned(content.length);
    out.appendWriter(content);
  }
}

/** A section that is a vector: how many entries, then the entries, in one or several pieces. */
function writeVector(
  out: ByteWriter,
  section: number,
  [count, ...pieces]: [number, ...ByteWriter[]],
): void {
  const header = new ByteWriter(8);
  header.unsigned(count);
  const parts = [header, ...pieces];
  out.byte(section);
  out.unsigned(parts.reduce((bytes, part) => bytes + part.length, 0));
  for (const part of parts) out.appendWriter(part);
}

function checkMemory({ shared, minPages, maxPages, addressType }: MemoryOptions): void {
  const limit = addressType === "i64" ? 2 ** 48 : 2 ** 16;
  const isSize = (pages: number) => Number.isInteger(pages) && pages >= 0 && pages <= limit;
  if (shared && maxPages === undefined) fail("memory", "wanted maxPages for shared, got none");
  if (!isSize(minPages) || !isSize(maxPages ?? minPages) || minPages > (maxPages ?? limit)) {
    fail("memory", `wanted 0 ≤ minPages ≤ maxPages ≤ ${limit}, got ${minPages}, ${maxPages}`);
  }
}
