// The direction of the walk, checked on what the files really import (types count too), and the law
// that the compiler knows no op by name.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  type Import,
  isSyntaxNode,
  parseSource,
  readSources,
  root,
  type SourceFile,
  type SyntaxNode,
  walk,
} from "./source-tree.ts";

const below = {
  base: [],
  wasm: ["base"],
  graph: ["base"],
  ops: ["graph", "base"],
  // A composite is one entry of the Tape whose derivative walks what it recorded: functions need the walk.
  autograd: ["ops", "graph", "base"],
  functions: ["autograd", "ops", "graph", "base"],
  compiler: ["graph", "base", "wasm"],
  runtime: ["base"],
  storage: ["graph"],
  realize: ["storage", "compiler", "runtime", "graph", "base"],
  tensor: ["functions", "ops", "autograd", "realize", "storage", "graph", "base"],
} as const;

const handles = ["tensor", ...below.tensor] as const;

/** Layer → layers it may import besides itself. */
const allowed: Record<string, readonly string[]> = {
  ...below,
  nn: handles,
  masked: handles,
  linalg: handles,
  signal: handles,
  optim: handles,
  data: handles,
  io: handles,
  index: [...Object.keys(below), "nn", "masked", "linalg", "signal", "optim", "data", "io"],
  workers: ["base", "wasm", "compiler", "graph", "runtime"],
  // Besides, the demo imports the library's public entries.
  demo: [],
};

const { exports: publicEntries, dependencies } = JSON.parse(
  readFileSync(join(root, "package.json"), "utf8"),
) as { exports: Record<string, { types: string }>; dependencies: Record<string, string> };

const publicFiles = Object.values(publicEntries).map(({ types }) =>
  types.replace("./dist/types/", "src/").replace(/\.d\.ts$/, ".ts"),
);

/** src/base/shapes.ts → base; src/realize.ts → realize; another file right in src/ → tensor. */
function layerOf(path: string): string | undefined {
  const [top, name, ...rest] = path.split("/");
  if (top === "workers" || top === "demo") return top;
  if (top !== "src" || name === undefined) return undefined;
  const layer = name.replace(/\.ts$/, "");
  if (Object.hasOwn(allowed, layer)) return layer;
  return rest.length === 0 ? "tensor" : undefined;
}

/** What is wrong with one import, or undefined. */
function importFault(file: SourceFile, one: Import): string | undefined {
  const from = layerOf(file.path);
  if (from === undefined) return `${file.path} belongs to no layer`;
  if (one.target === undefined) return packageFault(from, one);
  const to = layerOf(one.target);
  if (to === undefined) return `imports ${one.target}, which belongs to no layer`;
  if (from === "demo") {
    if (to === "demo" || publicFiles.includes(one.target)) return undefined;
    return `the demo imports ${one.target}, which is not public`;
  }
  if (from === to) return undefined;
  if (!allowed[from]?.includes(to)) return `${from} may not import ${to} (${one.target})`;
  // On the main thread the compiler is a contract; its code is loaded where workers are missing.
  const isContract = one.isType || one.isDynamic || one.target === "src/compiler/contract.ts";
  if (from === "realize" && to === "compiler" && !isContract) {
    return `realize imports code of the compiler (${one.target}), not only its types`;
  }
  return undefined;
}

function packageFault(from: string, { specifier, isDynamic }: Import): string | undefined {
  if (from === "demo") return undefined;
  if (specifier.startsWith("node:")) {
    return isDynamic ? undefined : `${specifier} would break the page: import it when it is needed`;
  }
  const known = Object.keys(dependencies).some(
    (name) => specifier === name || specifier.startsWith(`${name}/`),
  );
  return known ? undefined : `${specifier} is not a runtime dependency`;
}

function importFaults(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) =>
    file.imports.flatMap((one) => {
      const fault = importFault(file, one);
      return fault ? [`${file.path}:${one.line}: ${fault}`] : [];
    }),
  );
}

/** Each cycle once, as the files on its way round. */
function importCycles(files: readonly SourceFile[]): string[] {
  const targets = new Map(
    files.map((file) => [file.path, file.imports.flatMap(({ target }) => target ?? [])]),
  );
  const done = new Set<string>();
  const way: string[] = [];
  const cycles: string[] = [];
  const visit = (path: string): void => {
    const begin = way.indexOf(path);
    if (begin >= 0) cycles.push([...way.slice(begin), path].join(" → "));
    if (begin >= 0 || done.has(path)) return;
    way.push(path);
    for (const target of targets.get(path) ?? []) visit(target);
    way.pop();
    done.add(path);
  };
  for (const file of files) visit(file.path);
  return cycles;
}

/** Names of the primitives' records: `name: "…"`. */
function opNames(files: readonly SourceFile[]): Set<string> {
  const names = new Set<string>();
  for (const file of files) {
    walk(file.tree, (node) => {
      if (node.type !== "Property" || keyOf(node) !== "name") return;
      const value = isSyntaxNode(node.value) ? node.value.value : undefined;
      if (typeof value === "string") names.add(value);
    });
  }
  return names;
}

/** Words declared as keys: the vocabulary the compiler shares with the layers under it. */
function declaredKeys(files: readonly SourceFile[]): Set<string> {
  const keys = new Set<string>();
  for (const file of files) {
    walk(file.tree, (node) => {
      const key = keyOf(node);
      if (key !== undefined) keys.add(key);
    });
  }
  return keys;
}

function keyOf({ type, key }: SyntaxNode): string | undefined {
  if (type !== "Property" && type !== "TSPropertySignature") return undefined;
  if (!isSyntaxNode(key)) return undefined;
  const word = key.type === "Identifier" ? key.name : key.value;
  return typeof word === "string" ? word : undefined;
}

/** Methods the language itself gives, such as `sort`. */
const languageMembers = new Set(
  [Array, Map, Set, String, Number, BigInt, Float32Array, DataView]
    .flatMap((type) => [type, type.prototype])
    .concat([Math, JSON, Object, Promise, Atomics] as never[])
    .flatMap((object) => Object.getOwnPropertyNames(object)),
);

/** Identifiers and strings of a compiler file that are an op's name. */
function namedOps(file: SourceFile, names: ReadonlySet<string>): string[] {
  const faults = new Set<string>();
  walk(file.tree, (node, parent) => {
    const word = node.type === "Identifier" ? node.name : node.type === "Literal" && node.value;
    if (typeof word !== "string" || !names.has(word)) return;
    const isMember = parent?.type === "MemberExpression" && parent.property === node;
    if (isMember && languageMembers.has(word)) return;
    faults.add(`${file.path}: names the op "${word}"`);
  });
  return [...faults];
}

/** Decisions taken on a name: a comparison, a switch, a lookup. A label may print it. */
function nameDecisions(file: SourceFile): string[] {
  const faults = new Set<string>();
  const refuse = (value: unknown): void => {
    if (!isSyntaxNode(value) || value.type !== "MemberExpression") return;
    const property = isSyntaxNode(value.property) ? value.property.name : undefined;
    if (property !== "name") return;
    faults.add(`${file.path}: decides by a node's name`);
  };
  walk(file.tree, (node, parent) => {
    if (node.type === "BinaryExpression" && /^[!=]==?$/.test(String(node.operator))) {
      refuse(node.left);
      refuse(node.right);
    }
    if (node.type === "SwitchStatement") refuse(node.discriminant);
    if (node.type === "MemberExpression" && node.computed) refuse(node.property);
    if (node.type === "CallExpression" && isLookup(node.callee)) {
      for (const argument of node.arguments as unknown[]) refuse(argument);
    }
    if (node.type === "Identifier" && node.name === "opName") {
      faults.add(`${file.path}: speaks of opName`);
    }
    if (parent?.type === "MemberExpression" && parent.property === node && node.name === "name") {
      const owner = parent.object as SyntaxNode;
      const isOp = isSyntaxNode(owner.property) && owner.property.name === "op";
      if (isOp) faults.add(`${file.path}: reads op.name`);
    }
  });
  return [...faults];
}

function isLookup(callee: unknown): boolean {
  if (!isSyntaxNode(callee) || !isSyntaxNode(callee.property)) return false;
  return ["get", "has", "includes", "indexOf", "startsWith", "endsWith", "test"].includes(
    String(callee.property.name),
  );
}

const sources = readSources("src", "workers", "demo");

describe("layers", () => {
  test("every file of src belongs to a layer", () => {
    const strays = sources.map(({ path }) => path).filter((path) => layerOf(path) === undefined);
    expect(strays).toEqual([]);
  });

  test("imports go in one direction", () => {
    expect(importFaults(sources)).toEqual([]);
  });

  test("imports name files that exist", () => {
    const missing = sources.flatMap((file) =>
      file.imports
        .filter(({ target }) => target !== undefined && !existsSync(join(root, target)))
        .map(({ specifier, line }) => `${file.path}:${line}: ${specifier}`),
    );
    expect(missing).toEqual([]);
  });

  test("no files import each other in a circle", () => {
    expect(importCycles(sources)).toEqual([]);
  });

  test("no op's name occurs in the compiler", () => {
    const folder = (name: string) => sources.filter(({ path }) => path.startsWith(`src/${name}`));
    const names = opNames(folder("ops/"));
    expect(names.size, "names of ops in src/ops").toBeGreaterThan(0);
    const shared = ["base/lanes.ts", "graph/structure.ts", "wasm/"].flatMap(folder);
    for (const word of declaredKeys(shared)) names.delete(word);
    const compiler = folder("compiler/");
    expect(compiler.flatMap((file) => namedOps(file, names))).toEqual([]);
    expect(compiler.flatMap(nameDecisions)).toEqual([]);
  });

  test("a file has at most 450 lines", () => {
    for (const { path, lines } of sources) {
      if (lines > 400) console.warn(`${path}: ${lines} lines, the budget is 400`);
    }
    expect(sources.filter(({ lines }) => lines > 450).map(({ path }) => path)).toEqual([]);
  });
});

describe("the check itself", () => {
  const faultsOf = (path: string, text: string) => importFaults([parseSource(path, text)]);

  test.each([
    ["src/base/a.ts", `import { x } from "../graph/node.ts";`, "base may not import graph"],
    ["src/graph/a.ts", `export type { X } from "../ops/linear.ts";`, "graph may not import ops"],
    ["src/ops/a.ts", `type X = import("../wasm/opcodes.ts").X;`, "ops may not import wasm"],
    ["src/compiler/a.ts", `import "../runtime/pool.ts";`, "compiler may not import runtime"],
    ["src/runtime/a.ts", `const x = import("../compiler/emit.ts");`, "may not import compiler"],
    ["src/realize.ts", `import { emit } from "./compiler/emit.ts";`, "not only its types"],
    ["src/tensor.ts", `import { pool } from "./runtime/pool.ts";`, "tensor may not import runtime"],
    ["src/nn/a.ts", `import { Adam } from "../optim/adam.ts";`, "nn may not import optim"],
    ["src/optim/a.ts", `import { Tensor } from "../index.ts";`, "optim may not import index"],
    ["workers/kernel.ts", `import { mul } from "../src/ops/pointwise.ts";`, "may not import ops"],
    ["demo/main.ts", `import { Tensor } from "../src/tensor.ts";`, "not public"],
    ["src/base/a.ts", `import { z } from "zod";`, "zod is not a runtime dependency"],
    ["src/runtime/a.ts", `import os from "node:os";`, "would break the page"],
    ["src/misc/a.ts", `import { x } from "../base/shapes.ts";`, "belongs to no layer"],
  ])("%s refuses %s", (path, text, reason) => {
    expect(faultsOf(path, text).join()).toContain(reason);
  });

  test.each([
    ["src/realize.ts", `import type { Program } from "./compiler/emit.ts";`],
    ["src/realize.ts", `import { key } from "./compiler/contract.ts";`],
    ["src/print.ts", `import { realize } from "./realize.ts";`],
    ["src/runtime/a.ts", `import { wrap } from "comlink"; const os = import("node:os");`],
    ["workers/kernel.ts", `import { emit } from "../src/compiler/emit.ts";`],
    ["demo/main.ts", `import { ones } from "../src/index.ts"; import plot from "uplot";`],
  ])("%s accepts %s", (path, text) => {
    expect(faultsOf(path, text)).toEqual([]);
  });

  test("a circle is found and spelled out", () => {
    const files = [
      parseSource("src/base/a.ts", `import { b } from "./b.ts";`),
      parseSource("src/base/b.ts", `import type { C } from "./c.ts";`),
      parseSource("src/base/c.ts", `export { a } from "./a.ts";`),
    ];
    expect(importCycles(files)).toEqual([
      "src/base/a.ts → src/base/b.ts → src/base/c.ts → src/base/a.ts",
    ]);
  });

  test("an op's name is found, a method of the language is not", () => {
    const names = new Set(["sort", "gelu"]);
    const found = (text: string) => namedOps(parseSource("src/compiler/a.ts", text), names);
    expect(found(`const x = "gelu";`)).toHaveLength(1);
    expect(found(`const gelu = 1;`)).toHaveLength(1);
    expect(found(`const sort = 1;`)).toHaveLength(1);
    expect(found(`list.sort();`)).toEqual([]);
  });

  test.each([
    `if (node.name === "x") f();`,
    `switch (node.name) {}`,
    `table[node.name]`,
    `table.get(node.name)`,
    `f(node.op.name)`,
    `const { opName } = node;`,
  ])("deciding by name is found: %s", (text) => {
    expect(nameDecisions(parseSource("src/compiler/a.ts", text))).toHaveLength(1);
  });

  test("a label may print a name", () => {
    const text = "const label = [node.name, node.shape].join();";
    expect(nameDecisions(parseSource("src/compiler/a.ts", text))).toEqual([]);
  });
});
