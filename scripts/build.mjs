// Builds the library into dist/: ES modules and the workers by Vite, declarations by tsc.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { prepare, root, stop } from "./setup.mjs";
import { printSizes } from "./size.mjs";

prepare();
const { build } = await import("vite");
await build({ root, configFile: join(root, "vite.config.ts") });

const args = ["-p", "src", "--noEmit", "false", "--declaration", "--emitDeclarationOnly"];
const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
const declared = spawnSync(process.execPath, [tsc, ...args, "--outDir", "dist/types"], {
  cwd: root,
  stdio: "inherit",
});
if (declared.status !== 0) stop("tsc could not write the declarations; its reason stands above.");
await printSizes();
