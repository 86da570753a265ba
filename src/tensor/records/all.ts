// All records, and what a tensor's methods derive from.

import { casts } from "./casts.ts";
import { creationRecords } from "./creation.ts";
import { indexed } from "./indexed.ts";
import { arithmetics, choices, comparisons, rectifiers, transcendentals } from "./pointwise.ts";
import { reductionRecords } from "./reductions.ts";
import { rearrangements, views } from "./shapes.ts";

export const records = {
  ...arithmetics,
  ...transcendentals,
  ...comparisons,
  ...rectifiers,
  ...choices,
  ...reductionRecords,
  ...views,
  ...rearrangements,
  ...indexed,
  ...casts,
  ...creationRecords,
} as const;
