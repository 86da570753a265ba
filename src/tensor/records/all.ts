// All records, and what a tensor's methods derive from.

import { casts } from "./casts.ts";
import { creationRecords } from "./creation.ts";
import { indexed } from "./indexed.ts";
import {
  activationRecords,
  arithmetics,
  choices,
  comparisons,
  transcendentals,
} from "./pointwise.ts";
import { reductionRecords } from "./reductions.ts";
import { rearrangements, views } from "./shapes.ts";

export const records = {
  ...arithmetics,
  ...transcendentals,
  ...comparisons,
  ...activationRecords,
  ...choices,
  ...reductionRecords,
  ...views,
  ...rearrangements,
  ...indexed,
  ...casts,
  ...creationRecords,
} as const;
