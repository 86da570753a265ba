// One configuration for the demo server, the library build and the tests.
import { readFileSync } from "node:fs";
import { posix, resolve } from "node:path";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";
import { chromiumArgs, installedChromium } from "./scripts/chromium.mjs";

/** Without these two headers a page gets no SharedArrayBuffer. */
const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** The library's entries, read from package.json: dist/types/NAME.d.ts is made from src/NAME.ts. */
function libraryEntries(): Record<string, string> {
  const { exports } = JSON.parse(
    readFileSync(resolve(import.meta.dirname, "package.json"), "utf8"),
  );
  const entries: Record<string, string> = {};
  for (const { types, default: output } of Object.values<Record<string, string>>(exports)) {
    const source = types.replace("./dist/types/", "src/").replace(/\.d\.ts$/, ".ts");
    entries[output.replace("./dist/", "").replace(/\.js$/, "")] = resolve(
      import.meta.dirname,
      source,
    );
  }
  return entries;
}

/**
 * Keeps `new URL("…", import.meta.url)` a literal in the built library, so that the user's bundler
 * sees the worker: each workers/NAME.ts becomes an entry of its own at dist/workers/NAME.js.
 */
function literalWorkers(): Plugin {
  const written = /new URL\(\s*"([^"]*\/workers\/([\w-]+)\.ts)",\s*import\.meta\.url,?\s*\)/g;
  // A name instead of a string on the way, which Vite's own worker handling leaves alone.
  const placeholder = /__shardgradWorker_(\w+)__/g;
  const names = new Map<string, string>();
  return {
    name: "shardgrad:literal-workers",
    apply: "build",
    enforce: "pre",
    transform(code, id) {
      const changed = code.replace(written, (_, path: string, name: string) => {
        const key = name.replaceAll("-", "_");
        if (!names.has(key)) {
          const worker = resolve(id, "..", path);
          this.emitFile({ type: "chunk", id: worker, fileName: `workers/${name}.js` });
          names.set(key, name);
        }
        return `new URL(__shardgradWorker_${key}__, import.meta.url)`;
      });
      return changed === code ? null : { code: changed, map: null };
    },
    renderChunk(code, chunk) {
      const from = posix.dirname(chunk.fileName);
      const changed = code.replace(placeholder, (_, key: string) => {
        const path = posix.relative(from, `workers/${names.get(key)}.js`);
        return JSON.stringify(path.startsWith(".") ? path : `./${path}`);
      });
      return changed === code ? null : { code: changed, map: null };
    },
  };
}

/** Playwright and the browser are looked for only when tests are about to run. */
async function testBrowser() {
  if (!process.env.VITEST) return undefined;
  const { playwright } = await import("@vitest/browser-playwright");
  const executablePath = await installedChromium();
  return playwright({ launchOptions: { executablePath, args: chromiumArgs() } });
}

export default defineConfig({
  appType: "mpa",
  plugins: [literalWorkers()],
  server: { headers: isolation },
  preview: { headers: isolation },
  // Listed, because what workers import is not found by the first scan and would reload the page.
  optimizeDeps: { entries: ["demo/**/*.html"], include: ["comlink", "uplot"] },
  build: {
    target: "es2022",
    minify: false,
    sourcemap: true,
    lib: { entry: libraryEntries(), formats: ["es"] },
    rolldownOptions: {
      external: [/^node:/],
      output: { chunkFileNames: "shared/[name].js" },
    },
  },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: "node",
          include: ["tests/node/**/*.test.ts"],
          environment: "node",
          globalSetup: ["tests/node/build-workers.ts"],
          pool: "threads",
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: "browser",
          include: ["tests/browser/**/*.test.ts", "tests/node/wasm.test.ts"],
          testTimeout: 60_000,
          // One file at a time: every test with a pool wants all cores, and its barriers spin.
          fileParallelism: false,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            instances: [{ browser: "chromium" }],
            provider: await testBrowser(),
          },
        },
      },
    ],
  },
});
