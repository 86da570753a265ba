// What a user of the package meets: its fields, a side-effect free import, workers a bundler can see.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { createContext, runInContext } from "node:vm";
import { build, type InlineConfig, type Rolldown } from "vite";
import { describe, expect, test } from "vitest";
import { root } from "./source-tree.ts";

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

describe("package.json", () => {
  test("describes an ES module package for Node 20.16 and newer, free of side effects", () => {
    expect(manifest).toMatchObject({
      name: "shardgrad",
      license: "MIT",
      type: "module",
      sideEffects: false,
      engines: { node: ">=20.16" },
      files: ["dist"],
    });
    expect(readFileSync(join(root, "LICENSE"), "utf8")).toContain("The Shardgrad authors");
  });

  test("depends on comlink alone", () => {
    expect(Object.keys(manifest.dependencies)).toEqual(["comlink"]);
    expect(manifest).not.toHaveProperty("peerDependencies");
  });

  test("has the four commands", () => {
    expect(Object.keys(manifest.scripts)).toEqual(
      expect.arrayContaining(["start", "test", "bench", "conformance"]),
    );
  });

  test.each(Object.entries<Record<string, string>>(manifest.exports))(
    "the entry %s gives its types first and is made from a file of src",
    (_, conditions) => {
      expect(Object.keys(conditions)).toEqual(["types", "default"]);
      expect(conditions.default).toMatch(/^\.\/dist\/[\w/-]+\.js$/);
      const source = conditions.types?.replace("./dist/types/", "src/").replace(/\.d\.ts$/, ".ts");
      expect(existsSync(join(root, String(source))), String(source)).toBe(true);
    },
  );
});

describe("the library", () => {
  test("is imported without touching what a page or a worker provides", async () => {
    const [code] = await bundle({
      configFile: false,
      build: {
        lib: { entry: join(root, "src/index.ts"), formats: ["cjs"] },
        rolldownOptions: { external: [/^node:/], output: { codeSplitting: false } },
      },
    });
    expect(touchedBy(String(code?.code))).toEqual([]);
  });

  test("the trap hears every way of touching", () => {
    expect(touchedBy("typeof window")).toEqual(["window"]);
    expect(touchedBy("globalThis.self")).toEqual(["self"]);
    expect(touchedBy(`"Worker" in globalThis && new Worker("x.js")`)).toEqual(["Worker"]);
    expect(touchedBy("new WebAssembly.Memory({ initial: 1 })")).toEqual(["WebAssembly.Memory"]);
    expect(touchedBy("new SharedArrayBuffer(8)")).toEqual(["SharedArrayBuffer"]);
    expect(touchedBy(`require("node:os")`)).toEqual(["node:os"]);
  });

  test("is built with every worker as a file of its own behind a literal URL", async () => {
    const chunks = await bundle({ configFile: join(root, "vite.config.ts") });
    const files = chunks.map(({ fileName }) => fileName);
    const urls = chunks.flatMap(({ fileName, code }) =>
      [...code.matchAll(/new Worker\(\s*new URL\(\s*"([^"]+)",\s*import\.meta\.url\s*\)/g)].map(
        ([, url]) => posix.join(dirname(fileName), String(url)),
      ),
    );
    expect(files).toContain("index.js");
    expect(files.some((file) => file.startsWith("workers/"))).toBe(true);
    expect(files).toEqual(expect.arrayContaining(urls));
    const all = chunks.map(({ code }) => code).join("\n");
    expect(urls.length, "every worker is made from a literal URL").toBe(
      all.match(/\bnew Worker\(/g)?.length,
    );
  });
});

/** The chunks of a build that writes nothing. */
async function bundle(config: InlineConfig): Promise<Rolldown.OutputChunk[]> {
  const write = { logLevel: "error", build: { ...config.build, write: false } } as const;
  const built = await build({ root, ...config, ...write });
  const outputs = Array.isArray(built) ? built : [built];
  return outputs
    .flatMap((output) => ("output" in output ? output.output : []))
    .filter((file) => file.type === "chunk");
}

/** Runs a CommonJS text where only what every JavaScript host has can be used quietly. */
function touchedBy(code: string): string[] {
  const touched = new Set<string>();
  const host = { console, TextEncoder, TextDecoder, URL, performance, queueMicrotask, setTimeout };
  const require = (name: string) => touched.add(name);
  const context = createContext({ ...host, require, module: { exports: {} }, exports: {} });
  const trap = (owner: object, label: string, name: string) => {
    const real: unknown = Reflect.get(owner, name);
    Object.defineProperty(owner, name, {
      configurable: true,
      get: () => {
        touched.add(label);
        return real ?? class {};
      },
    });
  };
  const own = runInContext("globalThis", context) as typeof globalThis;
  for (const name of ["Memory", "Module", "Instance", "compile", "instantiate"]) {
    trap(own.WebAssembly, `WebAssembly.${name}`, name);
  }
  for (const name of ["self", "window", "document", "navigator", "location", "process"]) {
    trap(own, name, name);
  }
  for (const name of ["Worker", "SharedArrayBuffer", "importScripts", "fetch", "postMessage"]) {
    trap(own, name, name);
  }
  runInContext(code, context);
  return [...touched];
}
