// Binding for methods that are written by hand: the same rules as for the records' functions.

import type { Arguments, BoundArguments } from "../base/arguments.ts";
import {
  anything,
  bool,
  callback,
  dtype,
  int,
  number,
  only,
  operand,
  type Param,
  shape,
  someTensors,
  tensor,
} from "../base/parameters.ts";
import { bind, declare } from "../base/signature.ts";

/** Parameters of a function that is written by hand. */
export interface Signature<Params extends readonly Param[]> {
  readonly name: string;
  readonly forms: readonly { readonly params: Params }[];
}

const signature = <const Params extends readonly Param[]>(
  name: string,
  ...params: Params
): Signature<Params> => ({ name, forms: [{ params: declare(params) }] });

/** The arguments of a call, one value a parameter. */
export const bound = <Name extends keyof Signatures, T>(
  name: Name,
  args: readonly unknown[],
): ValuesOf<Signatures[Name], T> => {
  const { name: shown, forms } = signatures[name] as Signature<readonly Param[]>;
  return bind(shown, forms, undefined, args).values as unknown as ValuesOf<Signatures[Name], T>;
};

type ValuesOf<S, T> = S extends Signature<infer Params> ? BoundArguments<Params, T> : never;

/** What a caller of the function of that name may write. */
export type ArgumentsOf<Name extends keyof Signatures, T> =
  Signatures[Name] extends Signature<infer Params> ? Arguments<Params, T> : never;

const retainGraph = bool("retainGraph", null);
const createGraph = bool("createGraph", false);

const strides = [shape("size"), shape("stride"), int("storageOffset", null)] as const;

const signatures = {
  size: signature("size", int("dim", null)),
  stride: signature("stride", int("dim", null)),
  requiresGrad_: signature("requiresGrad_", bool("requiresGrad", true)),
  backward: signature(
    "backward",
    tensor("gradient", null),
    retainGraph,
    createGraph,
    someTensors("inputs", null),
  ),
  backwardOf: signature(
    "backward",
    someTensors("tensors"),
    someTensors("gradTensors", null),
    retainGraph,
    createGraph,
    someTensors("inputs", null),
  ),
  grad: signature(
    "grad",
    someTensors("outputs"),
    someTensors("inputs"),
    someTensors("gradOutputs", null),
    retainGraph,
    createGraph,
    bool("allowUnused", null),
    bool("isGradsBatched", false),
    bool("materializeGrads", false),
  ),
  registerHook: signature("registerHook", callback("hook")),
  registerPostAccumulateGradHook: signature("registerPostAccumulateGradHook", callback("hook")),
  copy_: signature("copy_", anything("src"), bool("nonBlocking", false)),
  fill_: signature("fill_", operand("value")),
  indexPut_: signature(
    "indexPut_",
    anything("indices"),
    operand("values"),
    bool("accumulate", false),
  ),
  equal: signature("equal", tensor("input"), tensor("other")),
  isclose: signature(
    "isclose",
    tensor("input"),
    tensor("other"),
    number("rtol", 1e-5),
    number("atol", 1e-8),
    bool("equalNan", false),
  ),
  nonzero: signature("nonzero", only(bool("asTuple", false))),
  where: signature("where", tensor("condition"), operand("other")),
  maskedSelect: signature("maskedSelect", tensor("mask")),
  finfo: signature("finfo", dtype("type", "float32")),
  iinfo: signature("iinfo", dtype("type")),
  promoteTypes: signature("promoteTypes", dtype("type1"), dtype("type2")),
  canCast: signature("canCast", dtype("from"), dtype("to")),
  resultType: signature("resultType", operand("tensor1"), operand("tensor2")),
  asStrided: signature("asStrided", ...strides),
  asStridedOf: signature("asStrided", tensor("input"), ...strides),
  asStridedCopy: signature("asStridedCopy", tensor("input"), ...strides),
  asStridedScatter: signature("asStridedScatter", tensor("src"), ...strides),
  asStridedScatterOf: signature("asStridedScatter", tensor("input"), tensor("src"), ...strides),
  emptyStrided: signature(
    "emptyStrided",
    shape("size"),
    shape("stride"),
    only(dtype("dtype", null)),
    only(bool("requiresGrad", false)),
  ),
} as const;

type Signatures = typeof signatures;
