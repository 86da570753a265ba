// Pointwise primitives: out[i] = f(x[i], y[i], …). A record is one lane body and one derivative.
// Operands have one shape and one dtype (functions expand and cast); a number stands for a constant.

import type { DType } from "../base/dtypes.ts";
import { dtypes } from "../base/dtypes.ts";
import type { LaneBody, LaneType } from "../base/lanes.ts";
import { type Lane, type LaneWriter, traceLanes } from "../base/trace-lanes.ts";
import { Trie } from "../base/trie.ts";
import { constantOf, pointwiseNode, scalarNode } from "../graph/build.ts";
import type { Node } from "../graph/node.ts";
import { constantValue, type Gradient, type Value } from "../graph/tape.ts";
import { apply, type Primitive } from "./primitive.ts";

export type Operand = Value | number;

/** What the op is without computing it, or undefined. Holds for every float. */
export type Law = (inputs: readonly Node[]) => Node | undefined;

interface Rule {
  readonly name: string;
  readonly lanes: (k: LaneWriter, ...inputs: Lane[]) => Lane;
  /** Result dtype; by default that of the last operand. */
  readonly result?: (operands: readonly DType[]) => DType;
  /** f(x, y) = f(y, x): constants go right, then the older node left. */
  readonly commutative?: boolean;
  readonly law?: Law;
  readonly vjp: ((g: Value, inputs: readonly Value[], out: Value) => readonly Gradient[]) | "none";
}

export interface PointwiseOp {
  (...operands: Operand[]): Value;
  readonly primitive: Primitive<null>;
}

/** Makes the recorded op of a pointwise rule. */
export function pointwise(rule: Rule): PointwiseOp {
  const build = pointwiseBuilder(rule);
  const primitive: Primitive<null> = { name: rule.name, build, vjp: rule.vjp };
  const op = (...operands: Operand[]): Value => apply(primitive, operandValues(operands), null);
  return Object.assign(op, { primitive });
}

function pointwiseBuilder(rule: Rule): (inputs: readonly Node[]) => Node {
  const bodies = new Trie<LaneBody>();
  return (given) => {
    const inputs = rule.commutative ? inOrder(given) : given;
    const lawful = rule.law?.(inputs);
    if (lawful) return lawful;
    let known = bodies;
    for (let at = 0; at < inputs.length; at++) known = known.at((inputs[at] as Node).dtype);
    known.value ??= traceLanes(inputs.map(laneOf), rule.lanes);
    const dtype = rule.result
      ? rule.result(inputs.map((input) => input.dtype))
      : (inputs.at(-1) as Node).dtype;
    return pointwiseNode({ name: rule.name, dtype, inputs, body: known.value });
  };
}

const laneOf = ({ dtype }: Node): LaneType => dtypes[dtype].lane;

function inOrder(inputs: readonly Node[]): readonly Node[] {
  const x = inputs[0] as Node;
  const y = inputs[1] as Node;
  const isXConstant = constantOf(x) !== null;
  const isYConstant = constantOf(y) !== null;
  const swaps = isXConstant === isYConstant ? x.id > y.id : isXConstant;
  return swaps ? [y, x] : inputs;
}

/** `x` as the result of a call beside `others`: not where it is a number and they are larger. */
export const alone = (x: Node, ...others: readonly Node[]): Node | undefined =>
  others.every((other) => other.shape.length <= x.shape.length) ? x : undefined;

/** Numbers become scalars of the dtype of the last operand that is a value. */
export function operandValues(operands: readonly Operand[]): readonly Value[] {
  let dtype: DType = "float32";
  let hasNumbers = false;
  for (let at = 0; at < operands.length; at++) {
    const operand = operands[at];
    if (typeof operand === "object") dtype = operand.node.dtype;
    else hasNumbers = true;
  }
  if (!hasNumbers) return operands as readonly Value[];
  return operands.map((operand) =>
    typeof operand === "object" ? operand : constantValue(scalarNode(dtype, operand)),
  );
}
