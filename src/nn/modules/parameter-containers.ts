// Parameters in a list, or by name. A tensor that is no parameter becomes one.

import { fail } from "../../base/errors.ts";
import { Slice } from "../../tensor/slice.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { ownParameters } from "../members.ts";
import { Module } from "../module.ts";
import { Parameter } from "../parameter.ts";
import { chosenBySlice, positionOf } from "./positions.ts";

const parameterOf = (given: Tensor): Parameter =>
  given instanceof Parameter ? given : new Parameter(given);

/** `  (name): Parameter containing: [torch.float32 of size 2x3]` */
const lineOf = ([name, { dtype, shape }]: [string, Parameter]): string =>
  `  (${name}): Parameter containing: [torch.${dtype} of size ${shape.join("x")}]`;

abstract class Held extends Module {
  /** Names are given, not derived: they stay what they are. */
  override nameOf(property: string): string {
    return property;
  }

  override forward(): never {
    return fail(this.constructor.name, "has no forward pass: use its parameters");
  }

  protected get held(): [string, Parameter][] {
    return ownParameters(this);
  }

  override extraRepr(): string {
    return this.held.map(lineOf).join("\n");
  }
}

export class ParameterList extends Held implements Iterable<Parameter> {
  readonly [index: number]: Parameter;

  constructor(parameters: Iterable<Tensor> = []) {
    super();
    this.extend(parameters);
  }

  get length(): number {
    return this.held.length;
  }

  [Symbol.iterator](): Iterator<Parameter> {
    return this.held.map(([, parameter]) => parameter)[Symbol.iterator]();
  }

  /** Counted from the end where negative. */
  at(index: number): Parameter {
    const all = [...this];
    return all[positionOf(this.constructor.name, index, all.length)] as Parameter;
  }

  /** One, or those of a slice as a list of their own. */
  index(at: number): Parameter;
  index(at: Slice): ParameterList;
  index(at: number | Slice): Parameter | ParameterList {
    return at instanceof Slice ? new ParameterList(chosenBySlice([...this], at)) : this.at(at);
  }

  append(parameter: Tensor): this {
    this.registerParameter(String(this.length), parameterOf(parameter));
    return this;
  }

  extend(parameters: Iterable<Tensor>): this {
    for (const parameter of [...parameters]) this.append(parameter);
    return this;
  }
}

export class ParameterDict extends Held implements Iterable<[string, Parameter]> {
  constructor(parameters: Readonly<Record<string, Tensor>> = {}) {
    super();
    this.update(parameters);
  }

  /** As Python's `dict[name]`: of a name that is not there, an error. */
  index(name: string): Parameter {
    return this.get(name) ?? fail(this.constructor.name, `has no parameter "${name}"`);
  }

  get(name: string): Parameter | undefined {
    return this.held.find(([key]) => key === name)?.[1];
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  set(name: string, parameter: Tensor): this {
    this.registerParameter(name, parameterOf(parameter));
    return this;
  }

  delete(name: string): boolean {
    return this.has(name) && Reflect.deleteProperty(this, name);
  }

  /** Removes one and gives it. */
  pop(name: string): Parameter {
    const found = this.index(name);
    this.delete(name);
    return found;
  }

  clear(): void {
    for (const name of this.keys()) this.delete(name);
  }

  update(parameters: Readonly<Record<string, Tensor>>): void {
    for (const [name, parameter] of Object.entries(parameters)) this.set(name, parameter);
  }

  get size(): number {
    return this.held.length;
  }

  keys(): string[] {
    return this.held.map(([name]) => name);
  }

  values(): Parameter[] {
    return this.held.map(([, parameter]) => parameter);
  }

  entries(): [string, Parameter][] {
    return this.held;
  }

  [Symbol.iterator](): Iterator<[string, Parameter]> {
    return this.held[Symbol.iterator]();
  }
}
