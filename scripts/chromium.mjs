// Finds a Chromium for the demo, the tests and the benchmarks, and gets one when there is none:
//   CHROME_BIN → installed browser → Playwright's own → Playwright's download → the system's package.
// A candidate counts once it answers `--version`: a launcher stub or a missing library does not.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { root } from "./setup.mjs";

const downloadMilliseconds = 180_000;
const packageMilliseconds = 600_000;

const commands = [
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
  "chrome",
  "microsoft-edge",
];

const quietFlags = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const isRoot = process.getuid?.() === 0;

/** Command-line flags every headless run starts Chromium with.
 * @returns {string[]} */
export function chromiumArgs() {
  return isRoot ? ["--no-sandbox", ...quietFlags] : [...quietFlags];
}

/** @param {string} path @returns {boolean} */
function answers(path) {
  if (!existsSync(path)) return false;
  // On Windows `--version` opens a window instead of answering.
  if (process.platform === "win32") return true;
  return spawnSync(path, ["--version"], { timeout: 30_000, stdio: "ignore" }).status === 0;
}

/** @returns {string[]} */
function systemPaths() {
  const onPath = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const paths = commands.flatMap((command) => onPath.map((folder) => join(folder, command)));
  if (process.platform === "darwin") {
    paths.push(
      "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
      "/Applications/Chromium.app/Contents/MacOS/Chromium",
    );
  }
  if (process.platform === "win32") {
    const programs = [process.env.PROGRAMFILES, process.env["PROGRAMFILES(X86)"]];
    for (const folder of programs) {
      if (folder) paths.push(join(folder, "Google", "Chrome", "Application", "chrome.exe"));
    }
  }
  return paths;
}

/** @returns {Promise<string[]>} */
async function playwrightPaths() {
  const { chromium } = await import("playwright");
  return [chromium.executablePath()];
}

/** A Chromium that is on this machine already.
 * @returns {Promise<string | undefined>} */
export async function installedChromium() {
  const named = process.env.CHROME_BIN;
  if (named) {
    if (answers(named)) return named;
    throw new Error(`CHROME_BIN is "${named}", which does not run. Correct it or unset it.`);
  }
  return systemPaths().find(answers) ?? (await playwrightPaths()).find(answers);
}

/** Runs a command without showing it; what it complained of when it failed, else "".
 * @param {string} command @param {string[]} args @param {number} timeout */
function quietly(command, args, timeout) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const done = spawnSync(command, args, { timeout, env, encoding: "utf8", cwd: root });
  if (done.status === 0) return "";
  if (done.error) return done.error.message;
  const said = `${done.stdout}${done.stderr}`.trim().split("\n");
  return said.find((line) => /^(e:|error)/i.test(line.trim())) ?? said.at(-1) ?? "";
}

/** @returns {string} */
function downloadWithPlaywright() {
  console.log("No Chromium found: asking Playwright to download one.");
  const program = join(root, "node_modules", "playwright", "cli.js");
  return quietly(process.execPath, [program, "install", "chromium"], downloadMilliseconds);
}

/** @returns {string} */
function installPackage() {
  if (!isRoot) return "only root may install packages";
  if (spawnSync("apt-get", ["--version"], { stdio: "ignore" }).status !== 0) return "no apt-get";
  console.log("Installing the system's chromium package.");
  const trouble = quietly("apt-get", ["update"], packageMilliseconds);
  if (trouble) return trouble;
  return quietly("apt-get", ["install", "-y", "chromium"], packageMilliseconds);
}

/** Path of a Chromium that runs; installs one when there is none.
 * @returns {Promise<string>} */
export async function findChromium() {
  const installed = await installedChromium();
  if (installed) return installed;
  /** @type {string[]} */
  const troubles = [];
  for (const [name, attempt] of /** @type {const} */ ([
    ["npx playwright install chromium", downloadWithPlaywright],
    ["apt-get install chromium", installPackage],
  ])) {
    const trouble = attempt();
    const found = await installedChromium();
    if (found) return found;
    troubles.push(`  ${name}: ${trouble || "done, but its browser does not run"}`);
  }
  throw new Error(
    [
      "No Chromium was found and none could be installed.",
      ...troubles,
      "Install Chromium or Chrome, or set CHROME_BIN to the path of one.",
    ].join("\n"),
  );
}
