// Reads the project's own TypeScript for the tests about its structure: files, their imports (static,
// re-exports, dynamic, `import("…")` types) and their syntax trees.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { parseSync } from "vite";

export const root = resolve(import.meta.dirname, "../..");

export interface Import {
  /** As written. */
  readonly specifier: string;
  /** Path of the imported file from the project's root; undefined for a package. */
  readonly target: string | undefined;
  readonly line: number;
  /** Every name imported is a type. */
  readonly isType: boolean;
  readonly isDynamic: boolean;
}

export interface SourceFile {
  /** From the project's root, with forward slashes. */
  readonly path: string;
  readonly lines: number;
  readonly tree: SyntaxNode;
  readonly imports: readonly Import[];
}

export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly [field: string]: unknown;
}

/** Every TypeScript file in the given top-level folders; a folder that is missing has none. */
export function readSources(...folders: string[]): SourceFile[] {
  return folders
    .map((folder) => join(root, folder))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name)),
    )
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"))
    .sort()
    .map((file) => readSource(relative(root, file).split(sep).join("/")));
}

function readSource(path: string): SourceFile {
  return parseSource(path, readFileSync(join(root, path), "utf8"));
}

/** `path` is where the text stands, or would stand. */
export function parseSource(path: string, text: string): SourceFile {
  const { program, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
  const tree = program as unknown as SyntaxNode;
  const imports: Import[] = [];
  walk(tree, (node) => {
    const specifier = specifierOf(node);
    if (specifier === undefined) return;
    const target = specifier.startsWith(".")
      ? join(dirname(path), specifier).split(sep).join("/")
      : undefined;
    const line = text.slice(0, node.start).split("\n").length;
    const isDynamic = node.type === "ImportExpression";
    imports.push({ specifier, target, line, isType: isTypeOnly(node), isDynamic });
  });
  return { path, lines: text.replace(/\n$/, "").split("\n").length, tree, imports };
}

function specifierOf({ type, source }: SyntaxNode): string | undefined {
  const imports =
    type === "ImportDeclaration" ||
    type === "ExportNamedDeclaration" ||
    type === "ExportAllDeclaration" ||
    type === "ImportExpression" ||
    type === "TSImportType";
  const value = imports && isSyntaxNode(source) ? source.value : undefined;
  return typeof value === "string" ? value : undefined;
}

function isTypeOnly(node: SyntaxNode): boolean {
  if (node.type === "TSImportType") return true;
  if (node.importKind === "type" || node.exportKind === "type") return true;
  const named = node.specifiers as readonly SyntaxNode[] | undefined;
  if (!named || named.length === 0) return false;
  return named.every((name) => name.importKind === "type" || name.exportKind === "type");
}

export function isSyntaxNode(value: unknown): value is SyntaxNode {
  return typeof value === "object" && value !== null && "type" in value;
}

/** Visits a tree from the root down, each node with the node it stands in. */
export function walk(
  node: SyntaxNode,
  visit: (node: SyntaxNode, parent: SyntaxNode | undefined) => void,
  parent?: SyntaxNode,
): void {
  visit(node, parent);
  for (const field of Object.values(node)) {
    for (const child of Array.isArray(field) ? field : [field]) {
      if (isSyntaxNode(child)) walk(child, visit, node);
    }
  }
}
