// What running one case said, and the ways a case can fail.

export type Stage = "build" | "call" | "value" | "mutation" | "grad" | "second_order" | "error";

export type Kind = "value" | "error" | "repr" | "promotion" | "program";

/** Information that is neither a pass nor a failure. */
export interface Note {
  /**
   * illConditioned: the case reacts violently to its inputs and came out different; undetermined: the
   * result differs in what the corpus leaves open; gradFn: the node is called otherwise in PyTorch;
   * company: the case's request was rejected, but alone it passes.
   */
  readonly about: "illConditioned" | "undetermined" | "gradFn" | "company";
  readonly text: string;
}

export interface Outcome {
  readonly id: string;
  readonly kind: Kind;
  readonly verdict: "passed" | "failed" | "missing";
  readonly stage: Stage;
  /** Why it failed, or the name that is missing; "" when passed. */
  readonly reason: string;
  /** A value was read and is wrong, as opposed to something having been thrown. */
  readonly isMismatch: boolean;
  readonly notes: readonly Note[];
}

export class CaseFailure extends Error {
  constructor(
    readonly stage: Stage,
    reason: string,
    readonly isMismatch: boolean,
  ) {
    super(reason);
  }
}

/** The public API has no such function: the case is neither passed nor failed. */
export class MissingName extends Error {
  constructor(readonly missing: string) {
    super(`no ${missing} in the public API`);
  }
}

export const mismatched = (stage: Stage, reason: string): CaseFailure =>
  new CaseFailure(stage, reason, true);

/** Runs `work`; whatever it throws becomes a failure of that stage. */
export function during<T>(stage: Stage, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw failureOf(stage, error);
  }
}

export function failureOf(stage: Stage, error: unknown): Error {
  if (error instanceof CaseFailure) return error;
  if (error instanceof MissingName) return error;
  return new CaseFailure(stage, textOf(error), false);
}

export function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` (${textOf(error.cause)})` : "";
  return `${error.name === "Error" ? "" : `${error.name}: `}${error.message}${cause}`;
}

/**
 * Did the library refuse on purpose, or did it stumble: an error of the engine itself (its text names
 * no function of ours), or a broken promise of ours? Only a refusal fulfils "the call must fail".
 */
export function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error) || error.message.startsWith("internal:")) return false;
  const byEngine = [TypeError, RangeError, ReferenceError, SyntaxError, WebAssembly.RuntimeError];
  return !byEngine.some((type) => error instanceof type) || /^[\w.]+(\(\))?: /.test(error.message);
}

export function shown(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
