// Padding: one number for all ends, or one for each, those of the last axis first.

import { fail } from "../../base/errors.ts";
import { ints, number } from "../../base/parameters.ts";
import type { PadMode } from "../../functions/padding.ts";
import { eachAxis, type PooledRank } from "../../functions/pool-windows.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import * as functional from "../functional.ts";
import { ofOne } from "../simple-module.ts";

const padding = ints("padding");

interface Padded {
  padding: number | readonly number[];
}

const settled = (rank: PooledRank) => (settings: Padded, name: string) => {
  settings.padding = eachAxis(name, "padding", settings.padding, 2 * rank);
};

const padded = (x: Tensor, { padding }: Padded, mode: PadMode, value: number | null = null) =>
  functional.pad(x, padding as readonly number[], mode, value);

const constant = (rank: PooledRank) =>
  ofOne(
    [padding, number("value")],
    (x, settings) => padded(x, settings, "constant", settings.value),
    {
      shown: ["padding", "value"],
      settle: settled(rank),
    },
  );

const zero = (rank: PooledRank) =>
  ofOne([padding], (x, settings) => padded(x, settings, "constant", 0), {
    shown: ["padding"],
    bare: ["padding"],
    settle: settled(rank),
  });

const around = (mode: PadMode, rank: PooledRank) =>
  ofOne([padding], (x, settings) => padded(x, settings, mode), {
    shown: ["padding"],
    bare: ["padding"],
    settle: settled(rank),
  });

const circular = (rank: PooledRank) =>
  ofOne([padding], (x, settings) => padded(checkedRank(x, rank), settings, "circular"), {
    shown: ["padding"],
    bare: ["padding"],
    settle: settled(rank),
  });

function checkedRank(x: Tensor, rank: number): Tensor {
  if (x.ndim === rank + 1 || x.ndim === rank + 2) return x;
  return fail(
    `CircularPad${rank}d`,
    `expected ${rank + 1}D or ${rank + 2}D input (got ${x.ndim}D input)`,
  );
}

export class ConstantPad1d extends constant(1) {}
export class ConstantPad2d extends constant(2) {}
export class ConstantPad3d extends constant(3) {}
export class ZeroPad1d extends zero(1) {}
export class ZeroPad2d extends zero(2) {}
export class ZeroPad3d extends zero(3) {}
export class ReflectionPad1d extends around("reflect", 1) {}
export class ReflectionPad2d extends around("reflect", 2) {}
export class ReflectionPad3d extends around("reflect", 3) {}
export class ReplicationPad1d extends around("replicate", 1) {}
export class ReplicationPad2d extends around("replicate", 2) {}
export class ReplicationPad3d extends around("replicate", 3) {}
export class CircularPad1d extends circular(1) {}
export class CircularPad2d extends circular(2) {}
export class CircularPad3d extends circular(3) {}
