// `npm test`: every check, one phase after the other; `npm test -- --only types,lint` runs some.
// Ends with a line `N passed, N failed[, N skipped]`; the exit code is non-zero when something failed.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findChromium } from "./chromium.mjs";
import { prepare, root, stop } from "./setup.mjs";

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

const tsc = "typescript/bin/tsc";
const biome = "@biomejs/biome/bin/biome";
const vitest = "vitest/vitest.mjs";
const layerTest = "tests/node/layers.test.ts";
const corpus = "../shared/oracle";

/** Order is the order of running: what is cheap and says most comes first. */
const phases = {
  types: () => oneCheck(["tsconfig.json", "src", "workers"].map((part) => [tsc, "-p", part])),
  lint: () => oneCheck([[biome, "check", "--error-on-warnings"]]),
  layers: () => vitestRun(["--project", "node", layerTest]),
  node: () => vitestRun(["--project", "node", "--exclude", layerTest]),
  browser: async () => {
    await findChromium();
    return vitestRun(["--project", "browser"]);
  },
  conformance,
};

/** Runs a Node program in the project, its output shown.
 * @param {string[]} command @returns {boolean} whether it ended well */
function run([program, ...args]) {
  const path = join(root, program);
  return spawnSync(process.execPath, [path, ...args], { cwd: root, stdio: "inherit" }).status === 0;
}

/** @param {boolean} passed @returns {Counts} */
function counted(passed) {
  return { passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0 };
}

/** Several commands of node_modules that count as one check.
 * @param {string[][]} commands @returns {Counts} */
function oneCheck(commands) {
  const results = commands.map(([name, ...args]) => run([join("node_modules", name), ...args]));
  return counted(results.every((passed) => passed));
}

/** @param {string[]} args @returns {Counts} */
function vitestRun(args) {
  const folder = mkdtempSync(join(tmpdir(), "shardgrad-tests-"));
  const file = join(folder, "results.json");
  try {
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
    const ended = run([join("node_modules", vitest), "run", ...args, ...reporters]);
    return existsSync(file)
      ? vitestCounts(JSON.parse(readFileSync(file, "utf8")), ended)
      : counted(false);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A file that cannot be loaded has no tests to count, and an error outside of any test fails the run
 * alone: both count as one failure.
 * @param {{ numPassedTests: number, numFailedTests: number, numPendingTests: number,
 *   numTodoTests: number, testResults: { status: string, assertionResults: { status: string }[] }[] }} json
 * @param {boolean} ended @returns {Counts} */
function vitestCounts(json, ended) {
  const brokenFiles = json.testResults.filter(
    (file) =>
      file.status === "failed" && file.assertionResults.every((test) => test.status !== "failed"),
  ).length;
  const failed = json.numFailedTests + brokenFiles;
  return {
    passed: json.numPassedTests,
    failed: failed === 0 && !ended ? 1 : failed,
    skipped: json.numPendingTests + json.numTodoTests,
  };
}

/** @returns {Promise<Counts>} */
async function conformance() {
  if (!existsSync(join(root, corpus))) {
    console.log(`\n!!! conformance corpus not found at ${corpus}: skipped\n`);
    return { passed: 0, failed: 0, skipped: 1 };
  }
  const folder = mkdtempSync(join(tmpdir(), "shardgrad-conformance-"));
  const json = join(folder, "report.json");
  const launch = join("scripts", "launch.mjs");
  const expected = join("tests", "conformance", "expected.json");
  try {
    const runner = join("tests", "conformance", "run.ts");
    if (!run([launch, runner, "--expect", expected, "--json", json])) return counted(false);
    // docs/operators.md is made from the same run.
    const isFresh = run([launch, join("tests", "matrix", "run.ts"), "--check", "--from", json]);
    return { passed: isFresh ? 2 : 1, failed: isFresh ? 0 : 1, skipped: 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string[]} argv @returns {(keyof typeof phases)[]} */
function chosenPhases(argv) {
  const all = /** @type {(keyof typeof phases)[]} */ (Object.keys(phases));
  if (argv.length === 0) return all;
  const list = argv[0] === "--only" ? argv[1] : argv[0].match(/^--only=(.*)$/)?.[1];
  const wanted = list?.split(",") ?? [];
  const unknown = wanted.filter((name) => !Object.hasOwn(phases, name));
  if (wanted.length === 0 || unknown.length > 0) {
    stop(`usage: npm test -- --only ${all.join(",")}   (got: ${argv.join(" ")})`);
  }
  // The layer check is one of the node tests.
  return all.filter(
    (name) => wanted.includes(name) || (name === "layers" && wanted.includes("node")),
  );
}

const chosen = chosenPhases(process.argv.slice(2));
prepare();
const lines = [];
const total = { passed: 0, failed: 0, skipped: 0 };
for (const name of chosen) {
  console.log(`\n── ${name} ${"─".repeat(60 - name.length)}`);
  const begin = performance.now();
  const counts = await Promise.resolve(phases[name]()).catch((error) => {
    console.error(error instanceof Error ? error.message : error);
    return counted(false);
  });
  const seconds = ((performance.now() - begin) / 1000).toFixed(1);
  const verdict = counts.failed > 0 ? "FAILED" : counts.passed > 0 ? "ok" : "skipped";
  lines.push(
    `${name.padEnd(12)} ${verdict.padEnd(8)} ${seconds.padStart(7)} s   ${sentence(counts)}`,
  );
  console.log(lines.at(-1));
  for (const key of /** @type {(keyof Counts)[]} */ (Object.keys(total))) total[key] += counts[key];
}

/** @param {Counts} counts */
function sentence({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

console.log(`\n── all ${"─".repeat(57)}\n${lines.join("\n")}\n\n${sentence(total)}`);
process.exitCode = total.failed > 0 ? 1 : 0;
