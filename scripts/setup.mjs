// Makes a fresh clone ready, with nothing but Node and npm: after `prepare()` node_modules holds what
// package-lock.json asks for. The two are compared by content, not by time: a checkout makes any lock
// file newer than what is installed.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Ends the process with a reason when a command cannot go on.
 * @param {string} text
 * @returns {never} */
export function stop(text) {
  console.error(`\n${text}`);
  process.exit(1);
}

/** @param {string} path @returns {Record<string, { version?: string, optional?: boolean }>} */
function packagesOf(path) {
  return JSON.parse(readFileSync(path, "utf8")).packages;
}

/** @returns {boolean} */
export function isInstalled() {
  const wantedPath = join(root, "package-lock.json");
  const foundPath = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(foundPath)) return false;
  if (!existsSync(wantedPath)) return true;
  const found = packagesOf(foundPath);
  // Optional packages are those of other platforms.
  return Object.entries(packagesOf(wantedPath)).every(
    ([path, wanted]) => path === "" || wanted.optional || found[path]?.version === wanted.version,
  );
}

/** Installs the locked dependencies when they are missing or differ. */
export function prepare() {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < 20) stop(`Node 20 or newer is needed, this is ${process.version}.`);
  if (isInstalled()) return;
  const locked = existsSync(join(root, "package-lock.json"));
  const args = [locked ? "ci" : "install", "--include=dev", "--no-audit", "--no-fund"];
  console.log(`Installing dependencies: npm ${args.join(" ")}`);
  const npm = process.env.npm_execpath;
  const options = { cwd: root, stdio: /** @type {const} */ ("inherit") };
  const { status } = npm?.endsWith("npm-cli.js")
    ? spawnSync(process.execPath, [npm, ...args], options)
    : spawnSync("npm", args, { ...options, shell: process.platform === "win32" });
  if (status !== 0) stop("npm could not install the dependencies; its reason stands above.");
}
