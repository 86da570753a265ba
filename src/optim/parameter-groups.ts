// Parameter groups: tensors that share their settings. Checked as PyTorch checks what an optimizer is
// given: tensors, named tensors, or groups of either with settings of their own.

import { describe } from "../base/binding-errors.ts";
import { fail } from "../base/errors.ts";
import { camelCase, plainObject } from "../base/parameters.ts";
import { Tensor } from "../tensor/tensor.ts";
import { plainNumbers } from "./options.ts";

export type NamedTensor = readonly [name: string, tensor: Tensor];

type Members = Tensor | Iterable<Tensor> | Iterable<NamedTensor>;

/** A group as it is given; settings left out are the optimizer's. */
export type GroupSpec<Settings> = { params: Members } & { [S in keyof Settings]?: Settings[S] } & {
  [setting: string]: unknown;
};

/** What an optimizer is made for. */
export type Params<Settings = object> =
  | Iterable<Tensor>
  | Iterable<NamedTensor>
  | Iterable<GroupSpec<Settings>>;

/** A group of an optimizer. */
export type ParamGroup<Settings = object> = Settings & {
  params: Tensor[];
  /** In the order of `params`, where they were given names. */
  paramNames?: string[];
} & { [setting: string]: unknown };

/** The groups that are given, as they are given. */
export function specsOf(name: string, given: unknown): GroupSpec<object>[] {
  if (given instanceof Tensor || !isIterable(given)) {
    fail(
      name,
      "params argument given to the optimizer should be an iterable of Tensors or objects, but got " +
        describe(given),
    );
  }
  const members = [...given];
  if (members.length === 0) fail(name, "optimizer got an empty parameter list");
  if (!plainObject(members[0])) return [{ params: members as Tensor[] }];
  return members.map((member) => {
    if (!plainObject(member))
      fail(name, `param group must be an object, but got ${describe(member)}`);
    return member as GroupSpec<object>;
  });
}

const isIterable = (given: unknown): given is Iterable<unknown> =>
  typeof given === "object" && given !== null && Symbol.iterator in given;

/** One group with its own settings before the defaults. */
export function groupOf<Settings extends object>(
  name: string,
  spec: unknown,
  defaults: Settings,
): ParamGroup<Settings> {
  if (!plainObject(spec)) fail(name, `paramGroup must be an object, but got ${describe(spec)}`);
  const { params, ...own } = spec as GroupSpec<Settings>;
  const members = params instanceof Tensor ? [params] : listed(name, params);
  const settings = Object.entries(own).map(([key, value]) => [camelCase(key), plainNumbers(value)]);
  const names = namesOf(name, members);
  const tensors = members.map((member) => (Array.isArray(member) ? member[1] : member));
  for (const tensor of tensors) checkParameter(name, tensor);
  warnOfDuplicates(name, tensors);
  const group = { ...defaults, ...Object.fromEntries(settings), params: tensors };
  return (names ? { ...group, paramNames: names } : group) as ParamGroup<Settings>;
}

function listed(name: string, params: unknown): unknown[] {
  if (isIterable(params)) return [...params];
  fail(name, `params of a group must be a tensor or an iterable of them, got ${describe(params)}`);
}

/** All members have names, or none. */
function namesOf(name: string, members: readonly unknown[]): string[] | null {
  const named = members.filter((member) => Array.isArray(member));
  if (named.length === 0) return null;
  if (named.length < members.length) {
    fail(name, "all optimizer params should be with/without names. Some param names are missing");
  }
  return named.map(([own]) => String(own));
}

function checkParameter(name: string, tensor: unknown): asserts tensor is Tensor {
  if (!(tensor instanceof Tensor)) {
    fail(name, `optimizer can only optimize Tensors, but one of the params is ${describe(tensor)}`);
  }
  if (!tensor.isLeaf && !tensor.retainsGrad) fail(name, "can't optimize a non-leaf Tensor");
}

function warnOfDuplicates(name: string, tensors: readonly Tensor[]): void {
  if (new Set(tensors).size === tensors.length) return;
  console.warn(
    `${name}: optimizer contains a parameter group with duplicate parameters; each of them is ` +
      "updated several times a step.",
  );
}

/** Refuses a group that does not fit beside those that are there. */
export function checkBeside(name: string, group: ParamGroup, groups: readonly ParamGroup[]): void {
  const [first] = groups;
  if (first && (first.paramNames === undefined) !== (group.paramNames === undefined)) {
    const which = group.paramNames ? "with" : "without";
    fail(
      name,
      "all optimizer param groups should be with/without names. cannot add param group " +
        `${which} names to the optimizer`,
    );
  }
  const known = new Set(groups.flatMap(({ params }) => params));
  if (group.params.some((tensor) => known.has(tensor))) {
    fail(name, "some parameters appear in more than one parameter group");
  }
}
