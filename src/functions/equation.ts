// Einstein's notation read: "ij,jk->ik", with "..." for axes that broadcast, spaces anywhere. Every
// letter is a label; so is each axis of an ellipsis, counted from the right.

import { fail } from "../base/errors.ts";
import { type Shape, showShape } from "../base/shapes.ts";
import type { Labels } from "./contraction.ts";

const op = "einsum";

export interface Equation {
  /** A label may stand twice in an operand: its diagonal is meant. */
  readonly operands: readonly Labels[];
  readonly out: Labels;
}

/** A letter's label is its code, an ellipsis' axis counts down from -1, the last. */
const ellipsisLabels = (count: number): number[] =>
  Array.from({ length: count }, (_, axis) => axis - count);

interface Subscripts {
  readonly before: Labels;
  /** Null without an ellipsis. */
  readonly after: Labels | null;
}

function subscriptsOf(term: string, whose: string): Subscripts {
  const parts = term.replaceAll(" ", "").split("...");
  if (parts.length > 2) fail(op, `ellipsis ('...') may appear only once in ${whose}`);
  const [before, after] = parts.map((part) =>
    Array.from(part, (letter) => {
      if (letter === ".") {
        fail(op, `found '.' for ${whose} that is not part of any ellipsis`);
      }
      if (!/[a-zA-Z]/.test(letter)) {
        fail(op, `invalid subscript '${letter}' in ${whose}: subscripts must be in [a-zA-Z]`);
      }
      return letter.charCodeAt(0);
    }),
  );
  return { before, after: after ?? null };
}

const counted = ({ before, after }: Subscripts): number => before.length + (after?.length ?? 0);

function requireRank(subscripts: Subscripts, rank: number, at: number): void {
  const count = counted(subscripts);
  if (subscripts.after === null ? count === rank : count <= rank) return;
  const relation = subscripts.after === null ? "does not match" : "is more than";
  fail(
    op,
    `the number of subscripts in the equation (${count}) ${relation} the number of dimensions ` +
      `(${rank}) for operand ${at}` +
      (subscripts.after === null ? " and no ellipsis was given" : ""),
  );
}

/** The labels of each operand's axes, and the result's. */
export function readEquation(equation: string, shapes: readonly Shape[]): Equation {
  const [left, right, ...more] = equation.split("->");
  if (more.length > 0) fail(op, `"->" may appear only once, got "${equation}"`);
  const terms = left.split(",").map((term, at) => subscriptsOf(term, `operand ${at}`));
  if (shapes.length === 0) fail(op, "must provide at least one operand");
  if (terms.length !== shapes.length) {
    const which = terms.length > shapes.length ? "fewer" : "more";
    fail(
      op,
      `${which} operands were provided than specified in the equation: ` +
        `${shapes.length}, "${equation}" has ${terms.length}`,
    );
  }
  const operands = terms.map((term, at) => {
    const rank = shapes[at].length;
    requireRank(term, rank, at);
    return [...term.before, ...ellipsisLabels(rank - counted(term)), ...(term.after ?? [])];
  });
  const widest = Math.max(...terms.map((term, at) => shapes[at].length - counted(term)));
  const out = right === undefined ? implied(operands, widest) : named(right, operands, widest);
  requireBroadcast({ operands, out }, shapes);
  return { operands, out };
}

/** The ellipsis, then what appears once, in the alphabet's order, capitals first. */
function implied(operands: readonly Labels[], widest: number): number[] {
  const letters = operands.flat().filter((label) => label > 0);
  const once = letters.filter((label) => letters.indexOf(label) === letters.lastIndexOf(label));
  return [...ellipsisLabels(widest), ...once.sort((a, b) => a - b)];
}

function named(term: string, operands: readonly Labels[], widest: number): Labels {
  const { before, after } = subscriptsOf(term, "the output");
  const letters = [...before, ...(after ?? [])];
  for (const label of letters) {
    const letter = String.fromCharCode(label);
    if (letters.indexOf(label) !== letters.lastIndexOf(label)) {
      fail(op, `output subscript ${letter} appears more than once in the output`);
    }
    if (!operands.some((labels) => labels.includes(label))) {
      fail(op, `output subscript ${letter} does not appear in the equation for any input operand`);
    }
  }
  return after ? [...before, ...ellipsisLabels(widest), ...after] : before;
}

function requireBroadcast({ operands }: Equation, shapes: readonly Shape[]): void {
  const sizes = new Map<number, number>();
  operands.forEach((labels, at) => {
    const own = new Map<number, number>();
    labels.forEach((label, axis) => {
      const size = shapes[at][axis];
      const before = own.get(label) ?? size;
      if (before !== size) {
        fail(
          op,
          `subscript ${String.fromCharCode(label)} is repeated for operand ${at} but the sizes ` +
            `don't match, ${size} != ${before}`,
        );
      }
      own.set(label, size);
    });
    for (const [label, size] of own) {
      const known = sizes.get(label) ?? 1;
      if (size !== 1 && known !== 1 && known !== size) {
        fail(op, `operands do not broadcast: ${shapes.map(showShape).join(", ")}`);
      }
      if (known === 1) sizes.set(label, size);
    }
  });
}
