// How tensors look in Chrome's console (Settings → Preferences → Custom formatters): a line with shape,
// dtype and what computed them, and opened, the values as they are printed. Nothing here computes, and
// nothing throws: a tensor that is lazy, failed or disposed of says so.

import { showShape } from "../base/shapes.ts";
import { hindrance, textOf } from "./printed.ts";
import { Tensor } from "./tensor.ts";

/** What DevTools draws: an element's name, its style, its contents. */
type Markup = readonly [tag: string, attributes: object, ...contents: (string | Markup)[]];

/** DevTools asks every formatter about every object; null: it is none of ours. */
interface Formatter {
  header(object: unknown): Markup | null;
  hasBody(object: unknown): boolean;
  body(object: unknown): Markup | null;
}

const quiet = { style: "color: gray" };
const row = { style: "margin-left: 1em" };
const values = { style: "margin: 0 0 0 1em; font-family: monospace; white-space: pre" };

const formatter: Formatter = {
  header: (object) => (object instanceof Tensor ? headerOf(object) : null),
  hasBody: (object) => object instanceof Tensor,
  body: (object) => (object instanceof Tensor ? bodyOf(object) : null),
};

function headerOf(tensor: Tensor): Markup {
  const looks = ` ${showShape(tensor.shape)} ${tensor.dtype}`;
  return ["span", {}, "Tensor", ["span", quiet, looks, ...notesOf(tensor)]];
}

/** ` lazy`, ` requires_grad`, ` MulBackward0`, ` view`. */
function notesOf(tensor: Tensor): string[] {
  const state = hindrance(tensor);
  // The history of what is lost cannot be followed either.
  if (state === "disposed" || state === "failed") return [` ${state}`];
  const { edge } = tensor;
  const notes = state ? [` ${state}`] : [];
  if (edge) notes.push(tensor.isLeaf ? " requires_grad" : ` ${edge.entry.name}`);
  if (tensor.isView) notes.push(" view");
  return notes;
}

function bodyOf(tensor: Tensor): Markup {
  const parts: Markup[] = [["div", values, textOf(tensor)]];
  if (tensor.storage.node.failure) return ["div", {}, ...parts];
  const { gradFn, keptGrad } = tensor;
  const show = (name: string, object: unknown): void => {
    parts.push(["div", row, `${name}: `, ["object", { object }]]);
  };
  if (gradFn) show("gradFn", gradFn);
  if (keptGrad) show("grad", keptGrad);
  return ["div", {}, ...parts];
}

interface Host {
  devtoolsFormatters?: Formatter[];
}

/** Shows tensors in the browser's console from now on; once is enough. Gives back what takes it away. */
export function installDevtoolsFormatter(): () => void {
  const host = globalThis as Host;
  host.devtoolsFormatters ??= [];
  if (!host.devtoolsFormatters.includes(formatter)) host.devtoolsFormatters.push(formatter);
  return () => {
    host.devtoolsFormatters = host.devtoolsFormatters?.filter((other) => other !== formatter) ?? [];
  };
}
