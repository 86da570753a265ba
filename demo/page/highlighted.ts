// Source text with its words, strings, numbers and comments marked.

const marked =
  /(?<remark>\/\/.*|\/\*[\s\S]*?\*\/)|(?<keyword>\b(?:import|from|export|function|class|extends|override|constructor|super|new|return|const|await|void|this|type|as|true|false)\b)|(?<text>"[^"]*")|(?<digits>\b\d+(?:\.\d+)?\b)/g;

export function highlighted(source: string): (string | HTMLElement)[] {
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
  return [...parts, source.slice(from)];
}
