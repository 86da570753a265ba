// Whether calls are put on the Tape, for the synchronous part of a function.

import { isRecording, withRecording } from "../graph/tape.ts";
import { refuseAsync, requireFunction } from "./synchronous.ts";

function inMode<T>(op: string, on: boolean, body: () => T): T {
  requireFunction(op, body);
  refuseAsync(op, body);
  return withRecording(on, body);
}

/** Nothing that `body` records can be differentiated. */
export const noGrad = <T>(body: () => T): T => inMode("noGrad", false, body);

/** Undoes noGrad for `body`. */
export const enableGrad = <T>(body: () => T): T => inMode("enableGrad", true, body);

/** noGrad or enableGrad, as a flag. */
export const setGradEnabled = <T>(on: boolean, body: () => T): T =>
  inMode("setGradEnabled", on, body);

export const isGradEnabled = (): boolean => isRecording();
