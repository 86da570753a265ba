// Before the tests of the node project: bundles the workers to files that Node can load, as it cannot
// load TypeScript, and says where they are. Also bundles scripts that a test hands to a Node of its own.
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { build } from "vite";
import { root } from "./source-tree.ts";

const folder = join(root, "node_modules/.cache/shardgrad");

export async function setup(): Promise<void> {
  const workers = ["kernel-worker", "compiler-worker"].map((name) => `workers/${name}.ts`);
  const present = workers.filter((path) => existsSync(join(root, path)));
  await Promise.all(present.map((path) => bundleForNode(path)));
  process.env.SHARDGRAD_WORKERS = folder;
}

/** One self-contained module; returns its path. */
export async function bundleForNode(path: string): Promise<string> {
  const name = basename(path, ".ts");
  await build({
    root,
    configFile: false,
    logLevel: "error",
    ssr: { noExternal: true },
    build: {
      ssr: join(root, path),
      outDir: folder,
      emptyOutDir: false,
      target: "es2022",
      rolldownOptions: { output: { entryFileNames: `${name}.mjs`, codeSplitting: false } },
    },
  });
  return join(folder, `${name}.mjs`);
}
