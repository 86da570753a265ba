// Modules that are a function with settings: their constructor takes the settings, which become
// properties, and their forward pass hands them on. A setting that is a tensor becomes a buffer.

import type { Arguments, BoundArguments } from "../base/arguments.ts";
import { type Param, tensor } from "../base/parameters.ts";
import { declare } from "../base/signature.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { bound } from "./arguments.ts";
import { snakeCase } from "./members.ts";
import { Module } from "./module.ts";
import { floatText, plainText } from "./printed-tree.ts";

/** Parameters as properties. */
export type Settings<Params extends readonly Param[]> = {
  [P in Params[number] as P["name"]]: BoundArguments<readonly [P], Tensor>[0];
};

type State<Params extends readonly Param[]> = Settings<Params> & { readonly training: boolean };

interface Simple<Inputs extends readonly unknown[], Result> extends Module {
  forward(...inputs: Inputs): Result;
}

export type SimpleClass<
  Params extends readonly Param[],
  Inputs extends readonly unknown[],
  Result,
> = new (...args: Arguments<Params, Tensor>) => Simple<Inputs, Result> & Settings<Params>;

type NameOf<Params extends readonly Param[]> = Params[number]["name"];

export interface Ways<Params extends readonly Param[]> {
  /** Settings that are printed, in order; those with "?" only where they are not false or null. */
  readonly shown?: readonly (NameOf<Params> | `${NameOf<Params>}?`)[];
  /** Of these, the ones that are printed without their names. */
  readonly bare?: readonly NameOf<Params>[];
  /** Printed besides. */
  readonly suffix?: string;
  /** Checks and completes the settings. */
  readonly settle?: (settings: Settings<Params>, name: string) => void;
  /** Names of buffers in the state dict that no rule finds. */
  readonly names?: Readonly<Partial<Record<NameOf<Params>, string>>>;
}

/** Of one tensor. */
export function ofOne<const Params extends readonly Param[], Result>(
  params: Params,
  run: (x: Tensor, settings: State<Params>) => Result,
  ways: Ways<Params> = {},
): SimpleClass<Params, [input: Tensor], Result> {
  return simple(params, [tensor("input")], ([x], settings) => run(x as Tensor, settings), ways);
}

/** Of two tensors; `names` are those of the forward pass. */
export function ofTwo<const Params extends readonly Param[], Result>(
  params: Params,
  [first, second]: readonly [string, string],
  run: (x: Tensor, y: Tensor, settings: State<Params>) => Result,
  ways: Ways<Params> = {},
): SimpleClass<Params, [x: Tensor, y: Tensor], Result> {
  return simple(
    params,
    [tensor(first), tensor(second)],
    ([x, y], settings) => run(x as Tensor, y as Tensor, settings),
    ways,
  );
}

/** Of three tensors. */
export function ofThree<const Params extends readonly Param[], Result>(
  params: Params,
  [first, second, third]: readonly [string, string, string],
  run: (x: Tensor, y: Tensor, z: Tensor, settings: State<Params>) => Result,
  ways: Ways<Params> = {},
): SimpleClass<Params, [x: Tensor, y: Tensor, z: Tensor], Result> {
  return simple(
    params,
    [tensor(first), tensor(second), tensor(third)],
    ([x, y, z], settings) => run(x as Tensor, y as Tensor, z as Tensor, settings),
    ways,
  );
}

/** Of any inputs: `run` gets one value for each of `inputs`. */
export function simple<
  const Params extends readonly Param[],
  Inputs extends readonly unknown[],
  Result,
>(
  params: Params,
  inputs: readonly Param[],
  run: (inputs: readonly unknown[], settings: State<Params>) => Result,
  ways: Ways<Params>,
): SimpleClass<Params, Inputs, Result> {
  const declared = declare(params);
  const taken = declare(inputs);
  const made = class extends Module {
    constructor(...args: readonly unknown[]) {
      super();
      const { name } = this.constructor;
      const values = bound(name, declared, args) as readonly unknown[];
      declared.forEach((param, at) => {
        if (param.kind === "tensor") this.registerBuffer(param.name, values[at] as Tensor | null);
        else Object.assign(this, { [param.name]: values[at] });
      });
      ways.settle?.(this as unknown as Settings<Params>, name);
    }

    override forward(...args: readonly unknown[]): unknown {
      const values = bound(this.constructor.name, taken, args) as readonly unknown[];
      return run(values, this as unknown as State<Params>);
    }

    override nameOf(property: string): string {
      return ways.names?.[property as NameOf<Params>] ?? super.nameOf(property);
    }

    override extraRepr(): string {
      const texts = (ways.shown ?? []).flatMap((name) => settingText(this, declared, name, ways));
      return [...texts, ...(ways.suffix ? [ways.suffix] : [])].join(", ");
    }
  };
  return made as unknown as SimpleClass<Params, Inputs, Result>;
}

function settingText<Params extends readonly Param[]>(
  module: object,
  params: Params,
  shown: string,
  { bare = [] }: Ways<Params>,
): string[] {
  const name = shown.replace("?", "");
  const value = (module as Record<string, unknown>)[name];
  if (name !== shown && (value === false || value === null)) return [];
  const text = textOf(
    value,
    params.find((param) => param.name === name),
  );
  return [bare.includes(name) ? text : `${snakeCase(name)}=${text}`];
}

function textOf(value: unknown, param: Param | undefined): string {
  if (typeof value === "string") return `'${value}'`;
  const isFloat = param?.kind === "number" || param?.kind === "numbers";
  if (isFloat && typeof value === "number") return floatText(value);
  if (isFloat && Array.isArray(value)) return `(${value.map(floatText).join(", ")})`;
  return plainText(value);
}
