// Runs a TypeScript entry point in Node: `node scripts/launch.mjs bench/run.ts …arguments`.
// The entry exports `main(argv: string[]): Promise<number>`; what it resolves to is the exit code.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { prepare, root, stop } from "./setup.mjs";

const [entry, ...argv] = process.argv.slice(2);
if (!entry) stop("usage: node scripts/launch.mjs ENTRY.ts [arguments]");
const path = resolve(root, entry);
if (!existsSync(path)) stop(`${entry}: no such file`);

prepare();
const { createServer, createServerModuleRunner } = await import("vite");
// No config file: this server only turns TypeScript into modules for Node and never listens.
const server = await createServer({
  root,
  configFile: false,
  appType: "custom",
  logLevel: "warn",
  optimizeDeps: { noDiscovery: true },
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
});
const runner = createServerModuleRunner(server.environments.ssr, { hmr: false });
try {
  const { main } = await runner.import(path);
  if (typeof main !== "function") stop(`${entry}: exports no main(argv)`);
  process.exitCode = await main(argv);
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await runner.close();
  await server.close();
}
