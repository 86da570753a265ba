// JobResult: what a headless run prints, and whether all was well.

export interface JobResult {
  readonly ok: boolean;
  readonly text: string;
}
