// The demo: one room so far. `?job=NAME` runs one of `jobs` and leaves its result in `shardgradJob`.

import { Alive } from "./page/alive.ts";
import { showThreads } from "./page/threads.ts";
import { showTrouble, watchTroubles } from "./page/troubles.ts";
import { type JobResult, seedJob } from "./seed/job.ts";
import { Room } from "./seed/room.ts";

declare global {
  interface Window {
    shardgradJob?: Promise<JobResult>;
  }
}

const jobs: Readonly<Record<string, (room: Room, alive: Alive) => Promise<JobResult>>> = {
  seed: seedJob,
};

async function runJob(name: string, room: Room, alive: Alive): Promise<JobResult> {
  const job = Object.hasOwn(jobs, name) ? jobs[name] : undefined;
  if (!job) {
    return {
      ok: false,
      text: `no job is called "${name}"; known: ${Object.keys(jobs).join(", ")}`,
    };
  }
  try {
    return await job(room, alive);
  } catch (error) {
    showTrouble(error);
    return {
      ok: false,
      text: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
}

watchTroubles();
showThreads();
const alive = new Alive();
const room = new Room(alive);
alive.start();
const job = new URLSearchParams(location.search).get("job");
if (job === null) void room.open();
else window.shardgradJob = runJob(job, room, alive);
