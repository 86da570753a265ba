// npm run matrix [-- --from FILE] [--check]: writes docs/operators.md from the records and a conformance
// run, or the JSON of one. With --check nothing is written: exit code 1 when the file is stale.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { readExpected } from "../conformance/expected.ts";
import type { Report } from "../conformance/report.ts";
import { main as conformance } from "../conformance/run.ts";
import { kernelKinds } from "./kernels.ts";
import { publicRecords } from "./records.ts";
import { type Matrix, matrixText } from "./table.ts";

const root = resolve(import.meta.dirname, "../..");
const file = join(root, "docs/operators.md");
const expected = join(root, "tests/conformance/expected.json");
const accuracy = join(root, "tests/sweep/measured.json");

const flags = { from: { type: "string" }, check: { type: "boolean", default: false } } as const;

export async function main(argv: string[]): Promise<number> {
  const { from, check } = parseArgs({ args: argv, options: flags, strict: true }).values;
  const { facets } = from ? read<Report>(resolve(from)) : await freshReport();
  const { known } = readExpected(expected);
  const kernels = await kernelKinds();
  const ulps = read<Matrix["ulps"]>(accuracy);
  const text = matrixText({ facets, known, kernels, ulps, records: publicRecords });
  if (check) {
    const isFresh = readFileSync(file, "utf8") === `${text}\n`;
    console.log(
      isFresh ? "docs/operators.md is fresh" : "docs/operators.md is stale: npm run matrix",
    );
    return isFresh ? 0 : 1;
  }
  mkdirSync(join(root, "docs"), { recursive: true });
  writeFileSync(file, `${text}\n`);
  return 0;
}

async function freshReport(): Promise<Report> {
  const json = join(root, "node_modules/.cache/conformance.json");
  const code = await conformance(["--expect", expected, "--json", json]);
  if (code !== 0) throw new Error("matrix: the conformance run is not as expected");
  return read(json);
}

const read = <T>(path: string): T => JSON.parse(readFileSync(path, "utf8"));
