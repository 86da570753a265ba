// State dicts, under PyTorch's keys to the letter, so that either library can load what the other has
// saved. `step` is a number, where PyTorch has a tensor; both are taken when loading.

import { isFloat } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { camelCase } from "../base/parameters.ts";
import { withRecording } from "../graph/tape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { knownNumber } from "./options.ts";
import type { ParamGroup } from "./parameter-groups.ts";
import type { State } from "./state.ts";

type Packed = { [key: string]: unknown };

export interface OptimizerStateDict {
  /** By the parameter's position over all groups. */
  state: { [position: number]: Packed };
  param_groups: Packed[];
}

/** expAvgSq → exp_avg_sq, HDiag → H_diag, T0 → T_0 */
export const snakeCase = (name: string): string =>
  name
    .replace(/^([A-Z])(?=\d)/, "$1_")
    .replace(/(?<=[^_])[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const renamed = (record: object, rename: (name: string) => string): Packed =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [rename(key), value]));

const positionsOf = (groups: readonly ParamGroup[]): Map<Tensor, number> => {
  const positions = new Map<Tensor, number>();
  for (const param of groups.flatMap(({ params }) => params)) {
    if (!positions.has(param)) positions.set(param, positions.size);
  }
  return positions;
};

export function packedGroups(groups: readonly ParamGroup[]): Packed[] {
  const positions = positionsOf(groups);
  return groups.map(({ params, ...settings }) => ({
    ...renamed(settings, snakeCase),
    params: params.map((param) => positions.get(param)),
  }));
}

export function packedStates(
  states: ReadonlyMap<Tensor, State>,
  groups: readonly ParamGroup[],
): OptimizerStateDict["state"] {
  const positions = positionsOf(groups);
  const packed = [...states].map(([param, state]) => [
    positions.get(param),
    renamed(state, snakeCase),
  ]);
  return Object.fromEntries(packed);
}

/** Settings change in place: schedulers hold on to the groups. */
export function loadGroups(
  name: string,
  { param_groups: saved }: OptimizerStateDict,
  groups: readonly ParamGroup[],
): void {
  if (saved.length !== groups.length) {
    fail(name, "loaded state dict has a different number of parameter groups");
  }
  saved.forEach(({ params }, at) => {
    if ((params as unknown[]).length === groups[at]?.params.length) return;
    fail(
      name,
      "loaded state dict contains a parameter group that doesn't match the size of optimizer's group",
    );
  });
  saved.forEach(({ params: _, ...settings }, at) => {
    const copies = Object.entries(settings).map(([key, value]) => [camelCase(key), copied(value)]);
    Object.assign(groups[at] as ParamGroup, Object.fromEntries(copies));
  });
}

export function loadStates(
  name: string,
  { state: saved, param_groups }: OptimizerStateDict,
  groups: readonly ParamGroup[],
): Map<Tensor, State> {
  const positions = param_groups.flatMap(({ params }) => params as number[]);
  const params = groups.flatMap((group) => group.params);
  const loaded = new Map<Tensor, State>();
  positions.forEach((position, at) => {
    const packed = saved[position];
    if (packed) loaded.set(params[at] as Tensor, loadedState(name, packed, params[at] as Tensor));
  });
  return loaded;
}

function loadedState(name: string, packed: Packed, param: Tensor): State {
  const state: State = {};
  for (const [key, value] of Object.entries(packed)) {
    // SGD without momentum is saved by PyTorch with a buffer that is None.
    if (value === null || value === undefined) continue;
    const isNumber = numberKeys.has(key);
    state[camelCase(key)] = isNumber ? numberOf(name, key, value) : copied(value, param);
  }
  return state;
}

/** What PyTorch keeps in tensors and is a number here. */
const numberKeys = new Set(["step", "mu_product", "mu", "prev_loss", "t", "H_diag"]);

function numberOf(name: string, key: string, value: unknown): number | unknown[] {
  if (Array.isArray(value)) return value.map((item) => numberOf(name, key, item));
  const known = knownNumber(value as number | Tensor);
  if (known === null) {
    fail(
      name,
      `${key} of the state dict is lazy. First await it: await stateDict.state[0].${key}.realize()`,
    );
  }
  return known;
}

/** A tensor of its own, in the parameter's dtype; lists item by item. */
function copied(value: unknown, param?: Tensor): unknown {
  if (Array.isArray(value)) return value.map((item) => copied(item, param));
  if (!(value instanceof Tensor)) return value;
  const dtype = param && isFloat(param.dtype) ? param.dtype : value.dtype;
  return withRecording(false, () => value.detach().to(dtype).clone());
}
