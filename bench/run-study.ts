// One study: our library alone, measured by the workload itself, then watched for gaps.

import type { StudyWorkload, WorkloadReport } from "./contract.ts";
import { emptyReport, messageOf, type Session } from "./session.ts";
import { collectGarbage, watchMainThread } from "./watch.ts";

export async function runStudy(workload: StudyWorkload, session: Session): Promise<WorkloadReport> {
  const report = emptyReport();
  const { sg, meter, workers, reps, say } = session;
  if (sg === null) {
    report.notes.push("skipped: it needs the library");
    return report;
  }
  try {
    const study = await workload.study({ sg, workers, limits: meter.best, reps, say });
    const { ours, details, limitMs, notes, failures } = study;
    Object.assign(report, { ours, details, notes, failures });
    if (limitMs !== undefined) report.limitMs = limitMs;
    report.mainGap = (await watchMainThread(study.again, session, workload.gapMs)).gap;
    study.dispose();
  } catch (error) {
    report.failures.push(`ours: ${messageOf(error)}`);
  }
  await collectGarbage();
  return report;
}
