// Prints what the library weighs in a page, minified and gzipped: what the main thread loads, and each
// worker.
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { root } from "./setup.mjs";

/** @param {string} entry @returns {Promise<{ minified: number, gzipped: number }>} */
async function sizeOf(entry) {
  const { build } = await import("vite");
  const built = await build({
    root,
    configFile: false,
    logLevel: "error",
    build: {
      write: false,
      minify: true,
      target: "es2022",
      rolldownOptions: {
        input: join(root, "dist", entry),
        // Beside the page's own thread the compiler is loaded only where there are no workers.
        external: entry === "index.js" ? [/^node:/, /shared\/compile/] : [/^node:/],
        preserveEntrySignatures: "strict",
        output: { format: "es", codeSplitting: false },
      },
    },
  });
  const [{ output }] = /** @type {{ output: { code?: string }[] }[]} */ ([built].flat());
  const code = output.map((chunk) => chunk.code ?? "").join("");
  return { minified: code.length, gzipped: gzipSync(code, { level: 9 }).length };
}

const kilobytes = (/** @type {number} */ bytes) => (bytes / 1000).toFixed(1).padStart(7);

export async function printSizes() {
  let total = 0;
  for (const entry of ["index.js", "workers/kernel-worker.js", "workers/compiler-worker.js"]) {
    const { minified, gzipped } = await sizeOf(entry);
    total += gzipped;
    console.log(`${entry.padEnd(28)}${kilobytes(minified)} kB min${kilobytes(gzipped)} kB gzip`);
  }
  console.log(`${"together".padEnd(42)}${kilobytes(total)} kB gzip`);
}
