// Modules as text, and numbers as they are written in it.

import { type Composed, ownChildren } from "./members.ts";

interface Printed extends Composed {
  extraRepr(): string;
  toString(): string;
}

const indented = (text: string): string => text.split("\n").join("\n  ");

/** `Net(\n  (fc1): Linear(…)\n)` */
export function treeOf(module: Printed): string {
  const children = ownChildren(module).map(([name, child]) => `(${name}): ${indented(`${child}`)}`);
  return bracketed(module, children);
}

/** The module's own line, and one for each child. */
export function bracketed(module: Printed, children: readonly string[]): string {
  const own = module.extraRepr();
  const extra = own === "" ? [] : own.split("\n");
  const { name } = module.constructor;
  if (extra.length + children.length === 0) return `${name}()`;
  if (extra.length === 1 && children.length === 0) return `${name}(${own})`;
  return `${name}(\n  ${[...extra, ...children].join("\n  ")}\n)`;
}

/** As Python writes a float: 1.0, 1e-05, inf. */
export function floatText(x: number): string {
  if (Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x > 0 ? "inf" : "-inf";
  if (x !== 0 && (Math.abs(x) >= 1e16 || Math.abs(x) < 1e-4)) {
    const [digits, exponent] = x.toExponential().split("e") as [string, string];
    return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
  }
  if (Object.is(x, -0)) return "-0.0";
  return Number.isInteger(x) ? `${x}.0` : String(x);
}

/** As Python writes a boolean, None, an integer, a tuple of them, or a string. */
export function plainText(value: unknown): string {
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (Array.isArray(value)) {
    return `(${value.map(plainText).join(", ")}${value.length === 1 ? "," : ""})`;
  }
  return String(value);
}
