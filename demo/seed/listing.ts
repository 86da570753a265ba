// The program's source, and what it printed.

import { element } from "../page/elements.ts";
import { codeOf } from "./program.ts";

/** Words, strings and numbers of the program; everything else stays as it is. */
const marked =
  /(?<keyword>\b(?:import|from|const|await|true)\b)|(?<text>"[^"]*")|(?<digits>\b\d+\b)/g;

export function showCode(size: number): void {
  const source = codeOf(size);
  const parts: (string | HTMLElement)[] = [];
  let from = 0;
  for (const match of source.matchAll(marked)) {
    const kind = Object.entries(match.groups ?? {}).find(([, found]) => found !== undefined)?.[0];
    const span = document.createElement("span");
    span.className = kind ?? "";
    span.textContent = match[0];
    parts.push(source.slice(from, match.index), span);
    from = match.index + match[0].length;
  }
  element("code", HTMLElement).replaceChildren(...parts, source.slice(from));
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
