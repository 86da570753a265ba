// `npm run ulp -- exp [sin …] [--stride N] [--simd fixed] [--record]`: unary functions (or `all`) on all
// 2^32 float32 inputs, through the library in Chromium, against the float64 truth. Prints the largest
// error in ulps and where; exits 1 when a promise is broken. A stride of N takes every N-th pattern.
// --record keeps the errors in measured.json, from which docs/operators.md is made.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { SweepOptions, SweepResult } from "./page.ts";
import { promises } from "./promises.ts";

export async function main(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      stride: { type: "string" },
      simd: { type: "string" },
      record: { type: "boolean", default: false },
    },
  });
  const names = positionals[0] === "all" ? Object.keys(promises) : positionals;
  const unknown = names.find((name) => !(name in promises));
  if (unknown || names.length === 0) {
    console.error(
      `ulp: wanted some of ${Object.keys(promises).join(" ")}, got ${unknown ?? "none"}`,
    );
    return 2;
  }
  const stride = Number(values.stride ?? 1);
  const simd = values.simd === "fixed" ? "fixed" : "auto";
  let isKept = true;
  await inChromium(async (sweep) => {
    for (const name of names) {
      const begin = Date.now();
      const result = await sweep({ name, stride, simd });
      const { promise } = promises[name] as (typeof promises)[string];
      if (!(result.worst <= promise)) isKept = false;
      if (values.record) record(name, simd, result.worst);
      const seconds = ((Date.now() - begin) / 1000).toFixed(0);
      console.log(
        `${name}: ${result.worst.toFixed(3)} ulp at ${result.at} (promised ${promise}), ` +
          `${result.count} inputs, ${seconds} s`,
      );
    }
  });
  return isKept ? 0 : 1;
}

const measured = join(import.meta.dirname, "measured.json");

/** Errors by how madd rounds. */
type Measured = Record<string, { once?: number; twice?: number }>;

function record(name: string, simd: "auto" | "fixed", ulps: number): void {
  const known = JSON.parse(readFileSync(measured, "utf8")) as Measured;
  const key = simd === "fixed" ? "twice" : "once";
  known[name] = { ...known[name], [key]: Number(ulps.toFixed(3)) };
  const sorted = Object.entries(known).sort(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(measured, `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`);
}

/** Serves the page, and gives `use` a function that sweeps in it. */
async function inChromium(
  use: (sweep: (options: SweepOptions) => Promise<SweepResult>) => Promise<void>,
): Promise<void> {
  const { createServer } = await import("vite");
  const { chromium } = await import("playwright");
  const { chromiumArgs, findChromium } = await import("../../scripts/chromium.mjs");
  const root = process.cwd();
  const server = await createServer({
    root,
    configFile: join(root, "vite.config.ts"),
    cacheDir: join(root, "node_modules/.vite-sweep"),
    logLevel: "warn",
    server: { port: 0, hmr: false, watch: null },
  });
  await server.listen();
  const executablePath = await findChromium();
  const browser = await chromium.launch({ executablePath, args: chromiumArgs() });
  try {
    const page = await browser.newPage();
    page.on("pageerror", (error) => console.error(error.message));
    const [origin = ""] = server.resolvedUrls?.local ?? [];
    await page.goto(new URL("/tests/sweep/index.html", origin).href);
    await use((options) => page.evaluate((o) => window.sweep(o), options));
  } finally {
    await browser.close();
    await server.close();
  }
}
