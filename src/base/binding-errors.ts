// What the binder says when a call does not fit: who, wanted, got, and a hint.

import { isTensor, kinds, type Param } from "./parameters.ts";
import { Float } from "./scalars.ts";
import { showShape } from "./shapes.ts";

export type Fault =
  | { readonly why: "many"; readonly got: number; readonly wanted: number }
  | { readonly why: "missing"; readonly param: Param }
  | { readonly why: "type"; readonly param: Param; readonly got: unknown }
  | { readonly why: "unknown"; readonly key: string; readonly hint: string | undefined }
  | { readonly why: "twice"; readonly key: string };

interface Form {
  readonly params: readonly Param[];
}

/** One fault a form; the text tells of the form that came closest, and lists the others. */
export function bindingError(
  name: string,
  forms: readonly Form[],
  faults: readonly Fault[],
  from: number,
): Error {
  const signatures = forms.map((form) => showSignature(name, form.params.slice(from)));
  if (forms.length === 1) {
    return new Error(`${name}: ${tell(faults[0] as Fault, from)}; it is ${signatures[0]}`);
  }
  const unknown = faults.every((fault) => fault.why === "unknown");
  const told = unknown ? `${tell(faults[0] as Fault, from)}. ` : "";
  const lines = signatures.map((text, at) => `\n  ${text}: ${tell(faults[at] as Fault, from)}`);
  return new Error(`${name}: ${told}None of its forms takes this call:${lines.join("")}`);
}

function tell(fault: Fault, from: number): string {
  switch (fault.why) {
    case "many":
      return `takes ${fault.wanted - from} arguments by position, got ${fault.got}`;
    case "missing":
      return `${fault.param.name} is missing (${wantedOf(fault.param)})`;
    case "type":
      return `${fault.param.name} must be ${wantedOf(fault.param)}, got ${describe(fault.got)}`;
    case "unknown":
      return `${fault.key}: ${fault.hint ? `did you mean ${fault.hint}?` : "no such option"}`;
    case "twice":
      return `${fault.key} is given twice, by position and by name`;
    default: {
      const unreachable: never = fault;
      return unreachable;
    }
  }
}

function wantedOf({ kind, choices, isNullable }: Param): string {
  const wanted = choices ? `one of ${choices.map((c) => `"${c}"`).join(", ")}` : kinds[kind].wanted;
  return isNullable ? `${wanted} or null` : wanted;
}

/** `sum(dim = null, keepdim = false, { dtype = null })` */
function showSignature(name: string, params: readonly Param[]): string {
  const show = (param: Param): string =>
    param.isRequired ? param.name : `${param.name} = ${JSON.stringify(param.fallback)}`;
  const positional = params.filter((param) => !param.isKeyword).map(show);
  const keywords = params.filter((param) => param.isKeyword).map(show);
  if (keywords.length > 0) positional.push(`{ ${keywords.join(", ")} }`);
  return `${name}(${positional.join(", ")})`;
}

/** A value as an error message names it. */
export function describe(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "string") return `"${value}"`;
  if (value instanceof Float) return `float(${value.float})`;
  if (isTensor(value)) {
    const { shape, dtype } = value as { shape: readonly number[]; dtype: string };
    return `a tensor of ${showShape(shape)} ${dtype}`;
  }
  if (Array.isArray(value)) {
    return value.length <= 4 ? `[${value.map(describe).join(", ")}]` : `a list of ${value.length}`;
  }
  if (typeof value === "function") return "a function";
  if (typeof value === "object") return `an object of class ${value.constructor?.name ?? "none"}`;
  return String(value);
}

/** The known name that was probably meant, if one is near. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const lower = name.toLowerCase();
  const same = known.find((candidate) => candidate.toLowerCase() === lower);
  if (same) return same;
  const limit = Math.max(1, Math.floor(name.length / 3));
  let best: string | undefined;
  let least = limit + 1;
  for (const candidate of known) {
    const distance = editDistance(lower, candidate.toLowerCase());
    if (distance < least) {
      best = candidate;
      least = distance;
    }
  }
  return best;
}

/** Insertions, deletions and replacements that make `a` of `b`. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replace, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
