// Prints what the library weighs in a page, minified and gzipped: what the main thread loads, when all
// names are used and when one is, and each worker.
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { root } from "./setup.mjs";

/**
 * @param {string} entry
 * @param {string} name one that is imported of the entry; all by default
 * @returns {Promise<{ minified: number, gzipped: number }>}
 */
async function sizeOf(entry, name = "") {
  const { build } = await import("vite");
  const built = await build({
    root,
    configFile: false,
    logLevel: "error",
    plugins: [page(join(root, "dist", entry), name)],
    build: {
      write: false,
      minify: true,
      target: "es2022",
      rolldownOptions: {
        input: name ? pageName : join(root, "dist", entry),
        // The page's own thread compiles and runs only where there are no workers, and loads these then.
        external: entry === "index.js" ? [/^node:/, /shared\/(compile|inline)/] : [/^node:/],
        preserveEntrySignatures: "strict",
        output: { format: "es", codeSplitting: false },
      },
    },
  });
  const [{ output }] = /** @type {{ output: { code?: string }[] }[]} */ ([built].flat());
  const code = output.map((chunk) => chunk.code ?? "").join("");
  return { minified: code.length, gzipped: gzipSync(code, { level: 9 }).length };
}

const pageName = "virtual:page";

/**
 * A module of somebody who uses one name of an entry.
 * @param {string} path
 * @param {string} name
 * @returns {import("vite").Plugin}
 */
function page(path, name) {
  return {
    name: "shardgrad:page",
    enforce: "pre",
    resolveId: (id) => (id === pageName ? `\0${pageName}` : null),
    load: (id) =>
      id === `\0${pageName}` ? `export { ${name} } from ${JSON.stringify(path)};` : null,
  };
}

const kilobytes = (/** @type {number} */ bytes) => (bytes / 1000).toFixed(1).padStart(7);

export async function printSizes() {
  let total = 0;
  for (const entry of ["index.js", "workers/kernel-worker.js", "workers/compiler-worker.js"]) {
    const size = await sizeOf(entry);
    total += size.gzipped;
    printSize(entry, size);
  }
  console.log(`${"together".padEnd(42)}${kilobytes(total)} kB gzip`);
  printSize("index.js for `ones` alone", await sizeOf("index.js", "ones"));
}

/** @param {string} what @param {{ minified: number, gzipped: number }} size */
function printSize(what, { minified, gzipped }) {
  console.log(`${what.padEnd(28)}${kilobytes(minified)} kB min${kilobytes(gzipped)} kB gzip`);
}
