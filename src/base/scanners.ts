// A scan as data: every element lifted to a state of k lane values, states merged from the first to the
// one at hand, each prefix finished. Merging is associative and keeps the order; where it is cut into
// blocks is the compiler's, fixed by shapes alone.

import type { LaneBody, LaneType } from "./lanes.ts";
import type { Reducer } from "./reducers.ts";

export interface Scanner {
  readonly inputs: readonly LaneType[];
  /** `initial` is what merging with, from before, changes nothing. */
  readonly state: Reducer["state"];
  /** (x…, index: i32) → state…; `index` is the position along the axis. */
  readonly lift: LaneBody;
  /** (state… of what is before, state… of what follows) → state… */
  readonly merge: LaneBody;
  /** (state…) → result */
  readonly finish: LaneBody;
}
