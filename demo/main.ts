// The demo: the seed program and the examples, each in a room of its own. `?job=NAME` runs one of them and
// leaves its result in `shardgradJob`.

import { examples } from "./examples/all.ts";
import { Alive } from "./page/alive.ts";
import { element } from "./page/elements.ts";
import type { JobResult } from "./page/job-result.ts";
import { type Room, Rooms } from "./page/rooms.ts";
import { showThreads } from "./page/threads.ts";
import { showTrouble, watchTroubles } from "./page/troubles.ts";
import { seedJob } from "./seed/job.ts";
import { SeedRoom } from "./seed/room.ts";
import type { Example } from "./training/example.ts";
import { trainingJob } from "./training/job.ts";
import { TrainingRoom } from "./training/training-room.ts";

declare global {
  interface Window {
    shardgradJob?: Promise<JobResult>;
  }
}

const parent = element("content", HTMLElement);
const alive = new Alive();
const trained = Object.entries<Example>(examples);
const doors = new Map<string, () => Room>([
  ["seed", () => new SeedRoom(alive)],
  ...trained.map(
    ([name, example]) => [name, () => new TrainingRoom(example, parent, alive)] as const,
  ),
]);
const rooms = new Rooms(doors);

async function runJob(name: string): Promise<JobResult> {
  if (!doors.has(name)) {
    return {
      ok: false,
      text: `no job is called "${name}"; known: ${[...doors.keys()].join(", ")}`,
    };
  }
  try {
    const room = rooms.show(name);
    if (room instanceof TrainingRoom) {
      return await trainingJob(examples[name as keyof typeof examples], room, alive);
    }
    return await seedJob(room as SeedRoom, alive);
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
alive.start();
const job = new URLSearchParams(location.search).get("job");
if (job === null) rooms.follow();
else window.shardgradJob = runJob(job);
