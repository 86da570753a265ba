// A program: statements that print as source text and run on the library. Tensors are numbered t0, t1 …

import type { Tensor, TypedArray } from "../../src/index.ts";
import * as library from "../../src/index.ts";
import { leafValues } from "./leaves.ts";
import type { ModelDType } from "./model.ts";

export class Ref {
  constructor(readonly id: number) {}
}

export class SliceArg {
  constructor(
    readonly start: number | null,
    readonly stop: number | null,
    readonly step: number | null,
  ) {}
}

export type Arg =
  | Ref
  | SliceArg
  | number
  | boolean
  | string
  | null
  | readonly Arg[]
  | { readonly [name: string]: Arg };

export type Statement =
  | {
      readonly kind: "leaf";
      readonly result: number;
      readonly dtype: ModelDType;
      readonly shape: readonly number[];
      readonly pattern: number;
      readonly requiresGrad: boolean;
      /** Set for indices, which are smaller. */
      readonly extent: number | null;
    }
  /** A call of a method (`on`) or of a function; `field` picks from a result of several. */
  | {
      readonly kind: "call";
      readonly result: number | null;
      readonly on: Ref | null;
      readonly name: string;
      readonly args: readonly Arg[];
      readonly field: string | number | null;
    }
  | { readonly kind: "realize"; readonly of: readonly number[]; readonly isAwaited: boolean }
  /** Reads without waiting: what was there at this point, whatever comes after. */
  | { readonly kind: "read"; readonly of: number; readonly read: number }
  | { readonly kind: "turn" }
  | { readonly kind: "drop"; readonly of: number };

export interface Program {
  readonly statements: readonly Statement[];
  /** The tensors compared in the end. */
  readonly wanted: readonly number[];
}

export const printed = ({ statements, wanted }: Program): string =>
  [...statements.map(line), `await check(${wanted.map((id) => `t${id}`).join(", ")});`].join("\n");

function line(statement: Statement): string {
  switch (statement.kind) {
    case "leaf": {
      const { result, dtype, shape, pattern, requiresGrad, extent } = statement;
      const more = requiresGrad ? ").requiresGrad_(" : extent === null ? "" : `, ${extent}`;
      return `const t${result} = leaf([${shape.join(", ")}], "${dtype}", ${pattern}${more});`;
    }
    case "call": {
      const { result, on, name, args, field } = statement;
      const call = `${on ? `t${on.id}.` : ""}${name}(${args.map(shown).join(", ")})`;
      const picked = field === null ? "" : typeof field === "number" ? `[${field}]` : `.${field}`;
      return `${result === null ? "" : `const t${result} = `}${call}${picked};`;
    }
    case "realize": {
      const asked = statement.of.map((id) => `t${id}.realize()`);
      return asked.map((one) => `${statement.isAwaited ? "await" : "void"} ${one};`).join(" ");
    }
    case "read":
      return `const read${statement.read} = t${statement.of}.data();`;
    case "turn":
      return "await null;";
    case "drop":
      return `drop(t${statement.of});`;
  }
}

function shown(arg: Arg): string {
  if (arg instanceof Ref) return `t${arg.id}`;
  if (arg instanceof SliceArg) return `slice(${arg.start}, ${arg.stop}, ${arg.step})`;
  if (Array.isArray(arg)) return `[${arg.map(shown).join(", ")}]`;
  if (typeof arg === "object" && arg !== null) {
    return `{ ${Object.entries(arg).map(([name, value]) => `${name}: ${shown(value)}`)} }`;
  }
  return JSON.stringify(arg);
}

export const leafTensor = ({
  shape,
  dtype,
  pattern,
  extent,
}: Statement & { kind: "leaf" }): Tensor =>
  library
    .tensor(leafValues({ shape, dtype, pattern, extent }), { dtype })
    .reshape(shape as number[]);

type Callable = Record<string, (...args: unknown[]) => unknown>;

/** Runs the statements on the library. */
export class Run {
  readonly tensors = new Map<number, Tensor>();
  readonly reads: Promise<TypedArray>[] = [];
  private readonly promises: Promise<unknown>[] = [];

  async all({ statements }: Program): Promise<void> {
    for (const statement of statements) {
      const waiting = this.step(statement);
      if (waiting) await waiting;
    }
  }

  /** What was asked for without waiting. */
  settled(): Promise<unknown> {
    return Promise.all(this.promises);
  }

  of(id: number): Tensor {
    const found = this.tensors.get(id);
    if (!found) throw new Error(`t${id} does not exist`);
    return found;
  }

  /** Returns a promise only where the program waits: else its statements run in one tick. */
  step(statement: Statement): Promise<unknown> | undefined {
    switch (statement.kind) {
      case "leaf": {
        const made = leafTensor(statement);
        if (statement.requiresGrad) made.requiresGrad_();
        this.tensors.set(statement.result, made);
        return undefined;
      }
      case "call":
        return this.call(statement);
      case "realize": {
        const asked = Promise.all(statement.of.map((id) => this.of(id).realize()));
        if (statement.isAwaited) return asked;
        this.promises.push(asked);
        asked.catch(() => undefined);
        return undefined;
      }
      case "read": {
        const data = this.of(statement.of).data();
        this.reads.push(data);
        this.promises.push(data);
        data.catch(() => undefined);
        return undefined;
      }
      case "turn":
        return Promise.resolve();
      case "drop":
        this.tensors.delete(statement.of);
        return undefined;
    }
  }

  private call({ result, on, name, args, field }: Statement & { kind: "call" }): undefined {
    const receiver = (on ? this.of(on.id) : library) as unknown as Callable;
    const returned = receiver[name](...args.map((arg) => this.given(arg)));
    if (result === null) return undefined;
    const picked = field === null ? returned : (returned as Record<string, unknown>)[field];
    this.tensors.set(result, picked as Tensor);
    return undefined;
  }

  private given(arg: Arg): unknown {
    if (arg instanceof Ref) return this.of(arg.id);
    if (arg instanceof SliceArg) return library.slice(arg.start, arg.stop, arg.step);
    if (Array.isArray(arg)) return arg.map((one) => this.given(one));
    if (typeof arg === "object" && arg !== null) {
      return Object.fromEntries(
        Object.entries(arg).map(([name, value]) => [name, this.given(value)]),
      );
    }
    return arg;
  }
}
