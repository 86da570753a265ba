// Random programs for fast-check: lists of choices, which shrink by leaving statements out and by
// taking the simpler choice. A program is what the choices build.

import fc from "fast-check";
import { Builder, Draw } from "./builder.ts";
import { computeStatements, type Make } from "./compute.ts";
import { effectStatements, requestStatements } from "./effects.ts";
import type { ModelDType } from "./model.ts";
import type { Program } from "./program.ts";
import { copyStatements, viewStatements } from "./views.ts";

/** Choices of one statement: which, and of what. */
export type Choices = readonly number[];

const weighted = (list: readonly (readonly [number, Make])[]): Make[] =>
  list.flatMap(([weight, make]) => new Array<Make>(weight).fill(make));

const leaf: Make = (b, draw) => {
  b.leaf(draw);
};

const everything = weighted([
  [3, leaf],
  ...computeStatements,
  ...viewStatements,
  ...copyStatements,
  ...effectStatements,
  ...requestStatements,
]);

const choicesOfStatement = fc.array(fc.nat(5039), { minLength: 14, maxLength: 14 });

export const programChoices: fc.Arbitrary<readonly Choices[]> = fc.array(choicesOfStatement, {
  minLength: 3,
  maxLength: 25,
  size: "max",
});

/** Mostly float32, as programs are. */
const dtypes: readonly ModelDType[] = ["float32", "float32", "float32", "float64", "int32", "bool"];

export interface Built {
  readonly program: Program;
  readonly builder: Builder;
}

/** Few programs are of large tensors, which take the longer: the first statement's choices say. */
const saysLarge = (choices: readonly Choices[]): boolean => (choices[0]?.[13] ?? 0) % 40 === 39;

/** The last statement's choices say what is compared. */
export function build(choices: readonly Choices[], isLarge = saysLarge(choices)): Built {
  const builder = new Builder(dtypes, isLarge);
  builder.leaf(new Draw(choices[0] ?? []));
  const limit = isLarge ? 10 : choices.length;
  for (const picks of choices.slice(0, limit)) {
    const [which, ...rest] = picks;
    everything[which % everything.length](builder, new Draw(rest));
  }
  return { program: builder.finish(wanted(builder, choices.at(-1) ?? [])), builder };
}

/** The last tensor, a few, or all of them. */
function wanted(builder: Builder, picks: Choices): readonly number[] {
  const { all } = builder;
  const last = all.slice(-1);
  switch (picks[12] % 4) {
    case 0:
      return all;
    case 1:
      return last;
    default:
      return [...new Set([...all.filter((id) => (id * 7 + picks[11]) % 3 === 0), ...last])];
  }
}
