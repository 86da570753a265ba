// Position: where the vector that is being written stands in its row, as the code of a loop's body asks.

import type { Local } from "../../wasm/function.ts";

/** Where a vector stands on the inner axis. */
export interface Position {
  /** Bytes from the row's start, for elements of four bytes; null: the row is one vector or less. */
  readonly offset: Local | null;
  /** Whole vectors beyond `offset`, for unrolled copies. */
  readonly copy: number;
  /** How many of the four lanes are real; the others may hold anything and are not stored. */
  readonly lanes: number;
  /** The row of a tile, whose positions are one vector in each of several rows; elsewhere absent. */
  readonly row?: number;
}
