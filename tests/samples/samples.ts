// How each public record is called on small inputs: from these rows its gradients of both orders are
// checked, and the operator matrix learns what it supports. One file a family; the type keeps each
// complete.

import type { DType } from "../../src/base/dtypes.ts";
import type { Tensor } from "../../src/index.ts";

/** Float inputs are leaves that require grad, drawn from [from, to); `data` stands instead of draws. */
export interface SampleInput {
  readonly shape: readonly number[];
  readonly from?: number;
  readonly to?: number;
  /** By default float64. Of other dtypes no gradient is asked for. */
  readonly dtype?: DType;
  readonly data?: readonly number[];
  /** False: a float input that is no leaf. */
  readonly grad?: boolean;
}

export interface Sample {
  readonly inputs: readonly SampleInput[];
  readonly call: (...inputs: Tensor[]) => Tensor | readonly Tensor[];
  /** Orders of derivatives that are checked; by default 2. */
  readonly orders?: 1 | 2;
}

/** A text says why there is no derivative. */
export type Row = Sample | readonly Sample[] | string;

/** One row for each record of a family. */
export type Samples<Records> = { readonly [Name in keyof Records]: Row };

/** Inputs of one shape from one range. */
export function sample(
  call: Sample["call"],
  ...inputs: readonly (SampleInput | readonly [number, number])[]
): Sample {
  return {
    call,
    inputs: inputs.map((input) =>
      "shape" in input ? input : { shape: [3, 4], from: input[0], to: input[1] },
    ),
  };
}
