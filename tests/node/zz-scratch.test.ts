import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { test, vi } from "vitest";
import * as root from "../../src/index.ts";
import { Adapter } from "../conformance/adapter.ts";
import { runCase } from "../conformance/operator-case.ts";
vi.mock("../../src/realize.ts", () => import("./realize-double.ts"));
test("ops", async () => {
  vi.spyOn(console, "warn").mockReturnValue(undefined);
  const adapter = new Adapter({ "": root });
  const out: string[] = []; const notes: string[] = [];
  const tally: Record<string, number[]> = {};
  for (const f of readdirSync("/work/shared/oracle/ops")) {
    const file = JSON.parse(gunzipSync(readFileSync("/work/shared/oracle/ops/" + f)).toString());
    for (const v of file.variants) {
      let n = 0;
      for (const c of v.cases) {
        if (c.tensors.some((t: any) => t.data.length > 20000)) continue;
        if (n++ > 40) break;
        const o = await runCase(adapter, v, c);
        const t = (tally[file.op] ??= [0, 0, 0]);
        if (o.verdict === "passed") t[0]++; else if (o.verdict === "failed") { t[1]++; out.push(`${c.id} [${o.stage}]: ${o.reason}`); } else { t[2]++; if (t[2] === 1) notes.push(`${file.op}: ${o.reason}`); }
        for (const note of o.notes) if (note.about === "gradFn") notes.push(`GF ${c.id} ${note.text}`);
        if (o.verdict === "missing") break;
      }
    }
  }
  writeFileSync("/tmp/ops.txt", out.join("\n") + "\n\n" + notes.join("\n") + "\n" + Object.entries(tally).filter(([, t]) => t[0] + t[1]).map(([k, t]) => `T ${k} ${t}`).join("\n"));
}, 600000);
