// The program's source, and what it printed.

import { element } from "../page/elements.ts";
import { highlighted } from "../page/highlighted.ts";
import { codeOf } from "./program.ts";

export function showCode(size: number): void {
  element("code", HTMLElement).replaceChildren(...highlighted(codeOf(size)));
}

export function showBlocks(blocks: readonly string[]): void {
  const lines = blocks.map((block) => {
    const span = document.createElement("span");
    span.textContent = block;
    return span;
  });
  element("printed", HTMLElement).replaceChildren(...lines);
}

export function showNote(text: string): void {
  element("printed-note", HTMLElement).textContent = text;
}
