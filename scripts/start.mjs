// `npm start`                       serves the demo and prints its address
// `npm start -- --headless [NAME]`  runs the demo's job NAME in headless Chromium, prints its result:
//                                   seed (unless named), spirals, digits, text or signal
//
// The page at /demo/?job=NAME sets `shardgradJob: Promise<{ ok: boolean, text: string }>`.
import { join } from "node:path";
import { chromiumArgs, findChromium } from "./chromium.mjs";
import { prepare, root, stop } from "./setup.mjs";

const usage = `usage: npm start -- [--port N] [--host [ADDRESS]] [--headless [NAME]]`;
const jobMilliseconds = 120_000;

/** @typedef {{ port?: number, host?: string | true, job?: string }} Options */
/** @typedef {{ ok: boolean, text: string }} JobResult */

/** @param {string[]} argv @returns {Options} */
function readOptions(argv) {
  /** @type {Options} */
  const options = {};
  const rest = [...argv];
  const value = () => (rest[0] && !rest[0].startsWith("--") ? rest.shift() : undefined);
  while (rest.length > 0) {
    const flag = rest.shift();
    if (flag === "--headless") options.job = value() ?? "seed";
    else if (flag === "--host") options.host = value() ?? true;
    else if (flag === "--port") {
      const port = Number(value() ?? Number.NaN);
      if (!Number.isInteger(port) || port < 0 || port > 65_535)
        stop(`--port wants a number\n${usage}`);
      options.port = port;
    } else stop(`unknown option ${flag}\n${usage}`);
  }
  return options;
}

/** The bare address leads to the demo.
 * @type {import("vite").Plugin} */
const frontDoor = {
  name: "shardgrad:front-door",
  configureServer({ middlewares }) {
    middlewares.use((request, response, next) => {
      if (request.url !== "/") return next();
      response.writeHead(302, { Location: "/demo/" }).end();
    });
  },
};

/** @param {import("vite").InlineConfig["server"]} options */
async function listen(options) {
  const { createServer } = await import("vite");
  const server = await createServer({
    root,
    configFile: join(root, "vite.config.ts"),
    logLevel: "warn",
    plugins: [frontDoor],
    server: options,
  });
  await server.listen();
  return server;
}

/** @param {import("vite").ViteDevServer} server @returns {string[]} */
function addresses(server) {
  const urls = server.resolvedUrls;
  return [...(urls?.local ?? []), ...(urls?.network ?? [])].map((url) => `${url}demo/`);
}

/** @param {Options} options */
async function serve({ port, host }) {
  const server = await listen({ port, host, strictPort: port !== undefined });
  console.log(
    ["", "Shardgrad's demo:", ...addresses(server).map((url) => `  ${url}`), ""].join("\n"),
  );
  if (host !== undefined) {
    console.log("Shared memory needs https or localhost: browsers refuse it at other addresses.\n");
  }
}

/** What the page's job resolved to; rejects with the first thing that went wrong.
 * @param {import("playwright").Page} page @param {string} url @returns {Promise<JobResult>} */
async function jobResult(page, url) {
  /** @type {string[]} */
  const complaints = [];
  const broken = new Promise((_, reject) => {
    page.on("pageerror", (error) =>
      reject(new Error(`page error: ${error.stack ?? error.message}`)),
    );
    page.on("crash", () => reject(new Error("the page crashed")));
  });
  page.on("console", (message) => {
    if (message.type() !== "error") return;
    complaints.push(`console: ${message.text()} (${message.location().url})`);
  });
  const result = (async () => {
    const response = await page.goto(url);
    if (!response?.ok()) throw new Error(`GET ${url}: ${response?.status()}`);
    // Polled in the page, so that a reload by the dev server does not lose the promise.
    const found = await page.waitForFunction(() => Reflect.get(globalThis, "shardgradJob"), null, {
      timeout: jobMilliseconds,
    });
    return /** @type {JobResult} */ (await found.jsonValue());
  })();
  result.catch(() => "heard below, unless the page broke first");
  try {
    return /** @type {JobResult} */ (await Promise.race([result, broken]));
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\nCall log:")[0] : String(error);
    throw new Error([reason, ...complaints].join("\n"));
  }
}

/** @param {string} job @param {Options} options */
async function runHeadless(job, { port }) {
  const executablePath = await findChromium();
  const server = await listen({ port: port ?? 0, strictPort: port !== undefined, watch: null });
  const { chromium } = await import("playwright");
  const browser = await chromium.launch({ executablePath, args: chromiumArgs() });
  try {
    const url = `${addresses(server)[0]}?job=${encodeURIComponent(job)}`;
    const result = await jobResult(await browser.newPage(), url);
    if (typeof result.text === "string") console.log(result.text);
    if (result.ok !== true) throw new Error(`job "${job}" failed`);
  } finally {
    await browser.close();
    await server.close();
  }
}

const options = readOptions(process.argv.slice(2));
prepare();
try {
  if (options.job === undefined) await serve(options);
  else await runHeadless(options.job, options);
} catch (error) {
  stop(error instanceof Error ? error.message : String(error));
}
