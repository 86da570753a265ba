// All records, and what a tensor's methods derive from.

import { rootActivations } from "./activations.ts";
import { bitwiseRecords } from "./bitwise.ts";
import { casts } from "./casts.ts";
import { convolutionRecords } from "./convolutions.ts";
import { copies } from "./copies.ts";
import { creationRecords } from "./creation.ts";
import { distances, vectorProducts } from "./distances.ts";
import { histogramRecords } from "./histograms.ts";
import { indexed, searches } from "./indexed.ts";
import { integrationRecords } from "./integration.ts";
import { joinRecords, positionRecords } from "./joins.ts";
import { normRecords } from "./norms.ts";
import { arithmetics, choices, comparisons, rectifiers } from "./pointwise.ts";
import { productRecords } from "./products.ts";
import { fills, randoms } from "./random.ts";
import { rearrangementRecords } from "./rearrangements.ts";
import { reductionRecords } from "./reductions.ts";
import { scanRecords } from "./scans.ts";
import { views } from "./shapes.ts";
import { shuffleRecords } from "./shuffles.ts";
import { sortingRecords } from "./sorting.ts";
import { splits } from "./splits.ts";
import { hyperbolics, transcendentals, trigonometrics } from "./transcendental.ts";
import { viewWrites } from "./view-writes.ts";
import { windowRecords } from "./windows.ts";

export const records = {
  ...arithmetics,
  ...transcendentals,
  ...trigonometrics,
  ...hyperbolics,
  ...comparisons,
  ...rectifiers,
  ...choices,
  ...rootActivations,
  ...reductionRecords,
  ...scanRecords,
  ...sortingRecords,
  ...histogramRecords,
  ...normRecords,
  ...integrationRecords,
  ...views,
  ...splits,
  ...copies,
  ...viewWrites,
  ...rearrangementRecords,
  ...joinRecords,
  ...positionRecords,
  ...windowRecords,
  ...indexed,
  ...searches,
  ...casts,
  ...bitwiseRecords,
  ...creationRecords,
  ...randoms,
  ...distances,
  ...vectorProducts,
  ...shuffleRecords,
  ...productRecords,
  ...convolutionRecords,
} as const;

export { fills };
