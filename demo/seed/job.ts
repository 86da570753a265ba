// The job `seed`: the program at [2, 2], its three blocks to the letter; then [4096, 4096] random numbers
// while the page is alive. Says what it saw; fails with the reason.

import { allclose, capabilities, noGrad, stats } from "../../src/index.ts";
import type { Alive } from "../page/alive.ts";
import type { JobResult } from "../page/job-result.ts";
import { count, median, milliseconds, number } from "../page/quantities.ts";
import { bytesMoved } from "./program.ts";
import type { SeedRoom } from "./room.ts";
import type { Settings } from "./session.ts";

const expected = [
  "tensor([[27., 27.],\n        [27., 27.]], grad_fn=<MulBackward0>)",
  "tensor(27., grad_fn=<MeanBackward0>)",
  "tensor([[4.5000, 4.5000],\n        [4.5000, 4.5000]])",
];
const large = 4096;
/** The first passes compile the kernel and touch fresh memory. */
const warmUps = 3;
const passes = 60;
const restMilliseconds = 1000;

export async function seedJob(room: SeedRoom, alive: Alive): Promise<JobResult> {
  const { threads, reason, cores } = capabilities();
  if (!threads) return { ok: false, text: `threads are off: ${reason}` };
  room.controls.disable();
  const settings: Settings = { size: 2, workers: cores, mode: "workers" };
  const blocks = await runAt(room, settings);
  const faults = blocks.flatMap((block, at) =>
    block === expected[at] ? [] : [`block ${at + 1} should be\n${expected[at]}`],
  );
  const report = await measure(room, alive, { ...settings, size: large });
  faults.push(...report.faults);
  const ending = faults.map((fault) => `failed: ${fault}`);
  return { ok: faults.length === 0, text: [...blocks, "", ...report.lines, ...ending].join("\n") };
}

async function runAt(room: SeedRoom, settings: Settings): Promise<readonly string[]> {
  room.controls.show(settings);
  await room.session.apply(settings);
  return room.session.runOnce();
}

async function measure(room: SeedRoom, alive: Alive, settings: Settings) {
  const { session, controls } = room;
  controls.show(settings);
  await session.apply(settings);
  await session.runMany(warmUps);
  const atRest = await longestGapAtRest(alive);
  alive.gaps.forget("workers");
  const before = stats();
  const times = await session.runMany(passes);
  const after = stats();
  const gap = alive.gaps.summary("workers");
  const perRequest = (after.programs - before.programs) / (after.requests - before.requests);
  const rate = (time: number) => `${number(bytesMoved(large) / time / 1e6)} GB/s`;
  const [best, middle] = [Math.min(...times), median(times)];
  const shown = gap
    ? `${milliseconds(gap.longest)} over ${count(gap.frames)} frames; at rest ${milliseconds(atRest)}`
    : "no frame was shown";
  const lines = [
    `[${large}, ${large}] random float32, ${passes} backward passes on ${settings.workers} workers`,
    `  backward              ${milliseconds(middle)} median, ${milliseconds(best)} at best`,
    `  memory moved          ${rate(middle)} at the median, ${rate(best)} at best`,
    `  longest frame gap     ${shown}`,
    `  programs per request  ${number(perRequest)}`,
    `  fallbacks             ${after.fallbacks}`,
  ];
  const faults = gap ? [] : ["no frame was shown while backward ran"];
  if (!(await isRight(session.input()))) faults.push("x.grad is not 6 (x + 2) / n²");
  if (perRequest !== 1) faults.push(`${number(perRequest)} programs per request, wanted 1`);
  if (after.fallbacks > 0) faults.push(`${after.fallbacks} programs ran on the main thread`);
  return { lines, faults };
}

/** What this machine does to a page that does nothing: the measure for the gaps under load. */
async function longestGapAtRest(alive: Alive): Promise<number> {
  const begin = performance.now();
  await new Promise((resolve) => setTimeout(resolve, restMilliseconds));
  return alive.gaps.longestSince(begin);
}

/** d mean(3 (x + 2)²) / dx = 6 (x + 2) / n². */
async function isRight(x: ReturnType<SeedRoom["session"]["input"]>): Promise<boolean> {
  const { grad } = x;
  if (!grad) return false;
  const wanted = noGrad(() => x.add(2).mul(6 / large ** 2));
  return allclose(grad, wanted, { atol: 0 });
}
