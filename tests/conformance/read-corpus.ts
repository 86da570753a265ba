// Node's side of the corpus: which files there are, what is in them, which of their cases are chosen.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Case, ModuleCase, ModuleFile, OperatorFile, OptimFile, Semantics } from "./corpus.ts";
import { subjectOf } from "./optim-case.ts";
import type { Kind } from "./outcome.ts";
import { type Section, sections, semanticJobs } from "./semantic-cases.ts";

export interface Selection {
  readonly only: readonly string[] | null;
  readonly groups: readonly string[] | null;
  readonly tier: number | null;
  /** Sections of the semantics, as far as present. */
  readonly sections: readonly Section[];
  readonly operators: boolean;
}

/** One case to run, and where it counts. */
export interface Chosen {
  readonly id: string;
  readonly kind: Kind;
  /** File under the corpus' folder without ".gz", or a section of the semantics. */
  readonly part: string;
  readonly counts: OperatorCase | Section;
}

/** What a case of an operator checks. */
export interface OperatorCase {
  /** Null for modules and optimizers. */
  readonly tier: number | null;
  readonly group: string;
  /** Its name, or a module's, an optimizer's, a scheduler's. */
  readonly op: string;
  readonly dtype: string | null;
  readonly hasGradient: boolean;
  readonly hasSecondOrder: boolean;
}

export class CorpusError extends Error {}

export function readPart(folder: string, name: string): Buffer {
  const path = join(folder, `${name}.gz`);
  if (!existsSync(path)) throw new CorpusError(`${path}: no such file`);
  return gunzipSync(readFileSync(path));
}

export function chooseCases(folder: string, selection: Selection): Chosen[] {
  const chosen = allChosen(folder, selection);
  const seen = new Set<string>();
  for (const { id } of chosen) {
    if (seen.has(id)) throw new CorpusError(`${folder}: two cases have the id ${id}`);
    seen.add(id);
  }
  return chosen;
}

function allChosen(folder: string, selection: Selection): Chosen[] {
  if (!existsSync(join(folder, "index.json"))) {
    throw new CorpusError(
      `${folder}: no corpus here (no index.json). Name its folder: --corpus DIR`,
    );
  }
  const { only, operators } = selection;
  const chosen = operators
    ? [
        ...chooseOperators(folder, selection),
        ...chooseModules(folder, selection),
        ...chooseOptimizers(folder, selection),
      ]
    : [];
  const found = new Set(
    chosen.flatMap(({ counts }) => (typeof counts === "object" ? counts.op : [])),
  );
  const unknown = only?.find((op) => !found.has(op));
  if (unknown !== undefined) throw new CorpusError(`--only ${unknown}: no case is chosen by it`);
  if (!existsSync(join(folder, "semantics.json.gz"))) return chosen;
  const semantics = JSON.parse(readPart(folder, "semantics.json").toString("utf8")) as Semantics;
  const wanted = sections.filter((section) => selection.sections.includes(section));
  return [
    ...chosen,
    ...wanted.flatMap((section) =>
      semanticJobs(semantics, section).map(({ id, kind }) => ({
        id,
        kind,
        part: section,
        counts: section,
      })),
    ),
  ];
}

function chooseOperators(folder: string, { only, groups, tier }: Selection): Chosen[] {
  const files = readdirSync(join(folder, "ops"))
    .filter((name) => name.endsWith(".json.gz"))
    .map((name) => `ops/${name.slice(0, -".gz".length)}`)
    .filter((part) => !only || only.includes(part.slice("ops/".length, -".json".length)));
  return files.flatMap((part) => {
    const { op, variants } = JSON.parse(readPart(folder, part).toString("utf8")) as OperatorFile;
    return variants
      .filter((one) => (!groups || groups.includes(one.group)) && (tier ?? one.tier) === one.tier)
      .flatMap(({ tier, group, cases }) =>
        cases.map((one) => ({
          id: one.id,
          kind: one.kind,
          part,
          counts: { tier, group, op, ...contentsOf(one) },
        })),
      );
  });
}

function chooseModules(folder: string, { only, groups, tier }: Selection): Chosen[] {
  const isWanted = tier === null && (!groups || groups.includes("modules"));
  if (!isWanted || !existsSync(join(folder, "modules"))) return [];
  return readdirSync(join(folder, "modules"))
    .filter((name) => name.endsWith(".json.gz"))
    .map((name) => `modules/${name.slice(0, -".gz".length)}`)
    .filter((part) => !only || only.includes(part.slice("modules/".length, -".json".length)))
    .flatMap((part) => {
      const { module, cases } = JSON.parse(readPart(folder, part).toString("utf8")) as ModuleFile;
      return cases.map((one) => ({
        id: one.id,
        kind: one.kind,
        part,
        counts: { tier: null, group: "modules", op: module, ...contentsOf(one) },
      }));
    });
}

function chooseOptimizers(folder: string, { only, groups, tier }: Selection): Chosen[] {
  const isWanted = tier === null && (!groups || groups.includes("optim"));
  if (!isWanted || !existsSync(join(folder, "optim"))) return [];
  return readdirSync(join(folder, "optim"))
    .filter((name) => name.endsWith(".json.gz"))
    .map((name) => `optim/${name.slice(0, -".gz".length)}`)
    .flatMap((part) => {
      const file = JSON.parse(readPart(folder, part).toString("utf8")) as OptimFile;
      return file.cases
        .filter((one) => !only || only.includes(subjectOf(file, one)))
        .map((one) => ({
          id: one.id,
          kind: one.kind,
          part,
          counts: {
            tier: null,
            group: "optim",
            op: subjectOf(file, one),
            dtype: null,
            hasGradient: false,
            hasSecondOrder: false,
          },
        }));
    });
}

function contentsOf(
  one: Case | ModuleCase,
): Pick<OperatorCase, "dtype" | "hasGradient" | "hasSecondOrder"> {
  if (one.kind !== "value") return { dtype: null, hasGradient: false, hasSecondOrder: false };
  const hasGradient = (one.grads?.length ?? 0) > 0;
  return { dtype: one.dtype, hasGradient, hasSecondOrder: one.second_order !== undefined };
}
