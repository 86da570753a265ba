// Runs jobs many at a time. All jobs of a batch start in one tick, so that the library sees them as one
// request; a few batches are under way at once, so that recording, compiling and running overlap.

import { type Outcome, textOf } from "./outcome.ts";

export interface Job {
  readonly id: string;
  readonly kind: Outcome["kind"];
  /** Must not run beside others: it fails on purpose, or changes what all of them see. */
  readonly isAlone: boolean;
  run(): Promise<Outcome>;
}

export interface Pace {
  readonly batch: number;
  readonly lanes: number;
  readonly caseMilliseconds: number;
}

export interface Hearing {
  /** Before a batch starts: who is to blame if nothing is heard again. */
  started(ids: readonly string[]): void;
  finished(outcomes: readonly Outcome[]): void;
}

/** Resolves to the ids of jobs that never answered; then the rest was left undone. */
export async function runBatches(
  jobs: readonly Job[],
  pace: Pace,
  hearing: Hearing,
): Promise<string[]> {
  const hung: string[] = [];
  const alone = jobs.filter((job) => job.isAlone).map((job) => ({ job, before: null }));
  const again: { job: Job; before: Outcome }[] = [];
  const batches = chunksOf(
    jobs.filter((job) => !job.isAlone),
    pace.batch,
  );
  const lane = async () => {
    for (let batch = batches.shift(); batch && hung.length === 0; batch = batches.shift()) {
      await ownTurn();
      hearing.started(batch.map(({ id }) => id));
      const answers = await Promise.all(batch.map((job) => within(job, pace)));
      const settled: Outcome[] = [];
      batch.forEach((job, i) => {
        const answer = answers[i]!;
        if (answer === null) hung.push(job.id);
        // Whose fault it is shows when it runs by itself.
        else if (answer.verdict === "failed" && batch.length > 1)
          again.push({ job, before: answer });
        else settled.push(answer);
      });
      hearing.finished(settled);
    }
  };
  await Promise.all(Array.from({ length: pace.lanes }, lane));
  for (const { job, before } of [...again, ...alone]) {
    if (hung.length > 0) break;
    hearing.started([job.id]);
    const answer = await within(job, pace);
    if (answer === null) hung.push(job.id);
    else hearing.finished([before ? compared(before, answer) : answer]);
  }
  return hung;
}

/** Batches that began in one tick would be one request. */
const ownTurn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

async function within(job: Job, { caseMilliseconds }: Pace): Promise<Outcome | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, caseMilliseconds, null);
  });
  try {
    return await Promise.race([job.run(), late]);
  } catch (error) {
    return lost(job.id, job.kind, `the runner failed: ${textOf(error)}`);
  } finally {
    clearTimeout(timer);
  }
}

/** A value must not depend on what else was asked for; a rejection may be another case's fault. */
function compared(before: Outcome, alone: Outcome): Outcome {
  if (alone.verdict !== "passed") return alone;
  if (before.isMismatch) {
    return { ...before, reason: `${before.reason}; alone it is right` };
  }
  const note = { about: "company", text: `in a batch: ${before.stage}: ${before.reason}` } as const;
  return { ...alone, notes: [...alone.notes, note] };
}

/** The outcome of a case that gave no answer. */
export function lost(id: string, kind: Outcome["kind"], reason: string): Outcome {
  const stage = kind === "error" ? "error" : "call";
  return { id, kind, verdict: "failed", stage, reason, isMismatch: false, notes: [] };
}

export function chunksOf<T>(items: readonly T[], size: number): T[][] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, i) => items.slice(i * size, (i + 1) * size));
}
