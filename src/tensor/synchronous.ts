// Functions given by the user that must be synchronous: hooks, noGrad bodies, custom backward passes.

import { describe } from "../base/binding-errors.ts";
import { fail } from "../base/errors.ts";

export const isPromise = (value: unknown): boolean =>
  typeof (value as { then?: unknown } | null | undefined)?.then === "function";

export function requireFunction(op: string, body: unknown): void {
  if (typeof body !== "function") fail(op, `wants a function, got ${describe(body)}`);
}

/** Gradients are recorded, not computed, while hooks run: there is nothing to wait for. */
export function refuseAsync(op: string, body: unknown): void {
  const isAsync = typeof body === "function" && body.constructor.name === "AsyncFunction";
  if (body !== null && !isAsync) return;
  fail(
    op,
    "the function must not be async: what runs after its first await would run outside. " +
      "Tensors in it are lazy, so nothing needs to be awaited there; await afterwards.",
  );
}
