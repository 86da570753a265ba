// Every public record with where it stands and how it can be called.

import { camelCase } from "../../src/base/parameters.ts";
import { linalgRecords } from "../../src/linalg/records.ts";
import { linalgShapeRecords } from "../../src/linalg/shape-records.ts";
import { maskedRecords } from "../../src/masked/records.ts";
import { functionalRecords } from "../../src/nn/functional.ts";
import { signalWindowRecords } from "../../src/signal/records.ts";
import { fills, records } from "../../src/tensor/records/all.ts";
import type { FunctionRecord } from "../../src/tensor/records/record.ts";

export interface PublicRecord {
  /** With its namespace: `nn.functional.gelu`. */
  readonly name: string;
  readonly record: FunctionRecord;
}

/** Records by namespace; "" is the package's root. */
const namespaces: Readonly<Record<string, Readonly<Record<string, FunctionRecord>>>> = {
  "": { ...records, ...filling(fills) },
  "nn.functional": functionalRecords,
  masked: maskedRecords,
  linalg: { ...linalgRecords, ...linalgShapeRecords },
  "signal.windows": signalWindowRecords,
};

/** Fills are named with their underscore: `normal_` is another function than `normal`. */
function filling(
  records: Readonly<Record<string, FunctionRecord>>,
): Record<string, FunctionRecord> {
  return Object.fromEntries(Object.entries(records).map(([name, one]) => [`${name}_`, one]));
}

export const publicRecords: readonly PublicRecord[] = Object.entries(namespaces).flatMap(
  ([space, own]) =>
    Object.entries(own).map(([name, record]) => ({
      name: space === "" ? name : `${space}.${name}`,
      record,
    })),
);

/** PyTorch's name of an operator as it is spelled here. */
export const spelledHere = (operator: string): string =>
  operator.startsWith("__") ? operator : operator.split(".").map(camelCase).join(".");
