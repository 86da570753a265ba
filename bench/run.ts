// `npm run bench`: serves the page, opens it in headless Chromium, prints what it reports.

import { writeFile } from "node:fs/promises";
import { type Browser, chromium, type Page } from "playwright";
import { chromiumArgs, findChromium } from "../scripts/chromium.mjs";
import type { Options, Report } from "./contract.ts";
import { readOptions, usage } from "./options.ts";
import type {} from "./page.ts";
import { printReport } from "./print.ts";
import { serve } from "./server.ts";

const say = (text: string): void => {
  process.stderr.write(`  ${text}\n`);
};

async function openPage(browser: Browser, url: string, options: Options): Promise<Page> {
  const page = await browser.newPage();
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") say(`page: ${message.text()}`);
  });
  page.on("pageerror", (error) => say(`page: ${error.stack ?? error.message}`));
  await page.exposeFunction("say", say);
  if (options.workers !== null) {
    await page.addInitScript((workers) => {
      Object.defineProperty(navigator, "hardwareConcurrency", { get: () => workers });
    }, options.workers);
  }
  await page.goto(url);
  await page.waitForFunction(() => window.benchmark !== undefined);
  if (!(await page.evaluate(() => crossOriginIsolated))) {
    throw new Error("bench: the page is not cross-origin isolated; shared memory is off");
  }
  return page;
}

function runInPage(page: Page, options: Options): Promise<Report> {
  const crash = new Promise<never>((_, reject) => {
    page.on("crash", () => reject(new Error("bench: the page crashed")));
  });
  const report = page.evaluate((given) => {
    if (window.benchmark === undefined) throw new Error("bench: the page is not ready");
    return window.benchmark(given);
  }, options);
  return Promise.race([report, crash]);
}

async function runInBrowser(url: string, options: Options): Promise<Report> {
  const browser = await chromium.launch({
    executablePath: await findChromium(),
    args: [...chromiumArgs(), "--js-flags=--expose-gc"],
  });
  try {
    return await runInPage(await openPage(browser, url, options), options);
  } finally {
    await browser.close();
  }
}

async function bench(options: Options): Promise<number> {
  const served = await serve("bench/index.html");
  try {
    const report = await runInBrowser(served.url, options);
    process.stdout.write(printReport(report));
    if (options.json !== null) {
      await writeFile(options.json, `${JSON.stringify(report, null, 2)}\n`);
    }
    const failed = Object.values(report.workloads).some(({ failures }) => failures.length > 0);
    return failed ? 1 : 0;
  } finally {
    await served.close();
  }
}

export async function main(argv: string[]): Promise<number> {
  if (argv.includes("--help")) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  let options: Options;
  try {
    options = readOptions(argv);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${usage}\n`);
    return 2;
  }
  return bench(options);
}
