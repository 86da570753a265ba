// A reduction as data: a state of k lane values, folded element by element, merged pairwise, finished
// once. Element order within a lane and the order of merges are the compiler's, fixed by shapes alone.

import type { LaneBody, LaneType } from "./lanes.ts";

export interface Reducer {
  readonly input: LaneType;
  readonly state: readonly { readonly type: LaneType; readonly initial: number }[];
  /** (state…, x, index: i32) → state…; `index` is the flat position among the reduced elements. */
  readonly step: LaneBody;
  /** (state…, other state…) → state… */
  readonly merge: LaneBody;
  /** (state…) → result */
  readonly finish: LaneBody;
}
