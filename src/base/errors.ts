// Two ways to fail. `fail` blames the caller: who, wanted, got, hint. `invariant` blames us.

/** Throws the user's mistake: `op` is the public name, `text` says what was wanted, got, and a cure. */
export function fail(op: string, text: string): never {
  throw new Error(`${op}: ${text}`);
}

/**
 * Throws when one of our own promises is broken; the text is printed as `internal:`. On hot paths a text
 * that has to be made is given as `if (!condition) invariant(false, …)`.
 */
export function invariant(condition: unknown, text: string): asserts condition {
  if (!condition) throw new Error(`internal: ${text}`);
}
