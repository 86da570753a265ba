// A process of its own: what stays alive when the script has ended, and what a Node needs to start.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { bundleForNode } from "./build-workers.ts";
import { root } from "./source-tree.ts";

test("a Node process waits for its runs, then exits by itself with the pool still open", async () => {
  const script = await bundleForNode("tests/node/exit-script.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [script], {
    cwd: root,
    timeout: 30_000,
  });
  expect(stdout.trim().split("\n")).toEqual(["ready", "7", "end of script"]);
});
