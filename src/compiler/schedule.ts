// schedule: Graph → Step[]. One step per computed value, in order; views vanish into the accesses of
// those who read through them, where strides can say it, and become a copy where they cannot.

import type { DType } from "../base/dtypes.ts";
import { dtypes } from "../base/dtypes.ts";
import type { LaneBody } from "../base/lanes.ts";
import type { Shape } from "../base/shapes.ts";
import { sizeOf } from "../base/shapes.ts";
import { traceLanes } from "../base/trace-lanes.ts";
import type { View } from "../base/views.ts";
import { type Graph, type GraphNode, isKind } from "../graph/serialize.ts";
import {
  type Access,
  accessBeside,
  accessOf,
  commonCuts,
  composeLocated,
  flippedAccess,
  identityAccess,
  isIdentity,
  isWhole,
  joinedAccess,
  joinedAxes,
  type SubAxis,
  stillAccess,
} from "./access.ts";
import { bordersOf } from "./borders.ts";
import { outputsByNode } from "./outputs.ts";
import { packedSize, widthsOf } from "./panels.ts";
import { elementsAlong, isShort } from "./short-folds.ts";
import { isStep, type Operand, type PointwiseStep, type Source, type Step } from "./step.ts";

/** What the program is for. */
export interface Host {
  /** Multiplies and adds in one instruction, as relaxed SIMD does. */
  readonly hasFusedMadd: boolean;
}

export function schedule(graph: Graph, host: Host = { hasFusedMadd: true }): Step[] {
  return new Scheduler(graph, host).run();
}

type Unplaced<S> = S extends Step ? Omit<S, "position"> : never;

/** A node's value: a source, and how the node's row-major elements lie in it. */
interface Located {
  readonly source: Source;
  readonly access: Access;
}

class Scheduler {
  private readonly steps: Step[] = [];
  private readonly located: Located[] = [];
  private readonly useCount: number[];
  /** Folds, and what goes on with all their elements. */
  private readonly afterFolds = new Set<Step>();
  /** By the position of a node: where its value is to lie. */
  private readonly outputOf: ReadonlyMap<number, number>;

  constructor(
    private readonly graph: Graph,
    private readonly host: Host,
  ) {
    this.useCount = graph.nodes.map(() => 0);
    for (const node of graph.nodes) for (const input of node.inputs) this.useCount[input]++;
    this.outputOf = outputsByNode(graph);
  }

  run(): Step[] {
    this.graph.nodes.forEach((node, position) => {
      const value = this.locate(node, position);
      const output = this.outputOf.get(position);
      const isOwn =
        output === undefined || (isStep(value.source) && value.source.output === output);
      if (!isOwn) this.copy({ ...node, name: "copy" }, value, output);
      this.located.push(value);
    });
    return this.steps;
  }

  private locate(node: GraphNode, position: number): Located {
    const output = this.outputOf.get(position) ?? null;
    if (isKind(node, "memory")) {
      return whole(node, { kind: "input", index: node.leaf, dtype: node.dtype });
    }
    if (isKind(node, "iota")) return whole(node, { kind: "iota", dtype: node.dtype });
    if (isKind(node, "scalar")) return whole(node, scalarSource(node));
    if (isKind(node, "view")) return this.locateView(node);
    return whole(node, this.compute(node, output));
  }

  private locateView(node: GraphNode<"view">): Located {
    const view = { shape: node.shape, ...node.attributes };
    const base = this.at(node, 0);
    const shape = this.node(node, 0).shape;
    // First, for where a copy is made the base's source becomes the copy.
    const access = this.through(base, shape, accessOf(view), node.dtype);
    return { source: base.source, access };
  }

  /** `outer` walks the row-major elements of a located value; makes a copy where it must. */
  private through(base: Located, shape: Shape, outer: Access, dtype: DType): Access {
    const direct = isWhole(base.access, shape) ? outer : composeLocated(base.access, shape, outer);
    if (direct) return direct;
    const copied = this.copy({ name: "contiguous", dtype, shape }, base, undefined);
    (base as { source: Source }).source = copied;
    (base as { access: Access }).access = identityAccess(shape);
    return outer;
  }

  private compute(node: GraphNode, output: number | null): Step {
    const common = { label: node.name, dtype: node.dtype, shape: node.shape, output };
    if (isKind(node, "pointwise")) {
      const { body } = node.attributes;
      return this.pointwise({ ...common, body, operands: this.operands(node, node.shape) });
    }
    if (isKind(node, "reduce")) return this.reduce(node, output);
    if (isKind(node, "scan")) return this.scan(node, output);
    if (isKind(node, "contract")) return this.contract(node, output);
    if (isKind(node, "gather")) return this.gather(node, output);
    if (isKind(node, "place")) return this.place(node, output);
    if (isKind(node, "scatter")) return this.scatter(node, output);
    if (isKind(node, "compact")) return this.compact(node, output);
    if (isKind(node, "sort")) {
      const operands = this.operands(node, node.shape);
      return this.push({ ...common, kind: "sort", space: node.shape, operands });
    }
    throw new Error(`internal: schedule: no step for ${node.kind}`);
  }

  /** Over the axes that its operand has, where the reduced ones are whole there. */
  private reduce(node: GraphNode<"reduce">, output: number | null): Step {
    const { name: label, dtype, shape } = node;
    const { axes, reducer } = node.attributes;
    const space = this.node(node, 0).shape;
    const operands = this.operands(node, space);
    if (isShort(space, axes)) {
      const { state, step, finish: body } = reducer;
      const each = elementsAlong(operands[0] as Operand, axes);
      const fold = { state, step };
      return this.pointwise({ label, dtype, shape, output, operands: each, body, fold });
    }
    const joined = this.loopAfterFold({ shape: space, operands });
    const own = joined && joinedAxes(space, joined.space, axes);
    const common = { label, dtype, output, reducer };
    if (!own) return this.push({ ...common, kind: "reduce", shape, space, operands, axes });
    const kept = joined.space.filter((_, axis) => !own.includes(axis));
    const over = { space: joined.space, operands: joined.operands, axes: own, shape: kept };
    return this.push({ ...common, kind: "reduce", ...over });
  }

  private scan(node: GraphNode<"scan">, output: number | null): Step {
    const { axis, reverse, scanner } = node.attributes;
    const { name: label, dtype, shape } = node;
    const turned = (access: Access): Access => (reverse ? flippedAccess(access, axis) : access);
    const operands = this.operands(node, shape).map(({ source, access }) => ({
      source,
      access: turned(access),
    }));
    const window = turned(identityAccess(shape));
    const common = { label, dtype, shape, output, space: shape };
    return this.push({ ...common, kind: "scan", operands, axis, scanner, window });
  }

  /** A batch of one is no axis, so that what follows is of the same space. */
  private contract(node: GraphNode<"contract">, output: number | null): Step {
    const { name: label, dtype } = node;
    const widths = widthsOf(dtype, this.host.hasFusedMadd);
    const packed = [this.pack(node, 0, widths.a), this.pack(node, 1, widths.b)] as const;
    const [rows, columns] = packed.map(({ space }) => space[1]) as [number, number];
    const depth = packed[0].space[2] as number;
    const batch = sizeOf(node.shape) / (rows * columns);
    const space = batch === 1 ? [rows, columns] : [batch, rows, columns];
    const access = stillAccess(space);
    const operands = packed.map((source) => ({ source, access }));
    const common = { label, dtype, shape: space, space, output };
    return this.push({ ...common, kind: "contract", operands, widths, depth });
  }

  /** Its axes as three: batch, rows, depth. What is the same for the whole batch is packed once. */
  private pack(node: GraphNode<"contract">, input: number, width: number): Step {
    const { dtype, shape } = this.node(node, input);
    const { source, access } = this.operand(node, input, shape);
    const { batch, depth } = node.attributes;
    const cuts = [0, batch, shape.length - depth, shape.length];
    const parts = [0, 1, 2].map((part) => access.axes.slice(cuts[part], cuts[part + 1]).flat());
    const [own = [], ...rest] = parts.map((part) => (part.length > 0 ? part : [oneElement]));
    const isShared = own.every(({ size, stride }) => size === 1 || stride === 0);
    const axes = [isShared ? [oneElement] : own, ...rest];
    const space = axes.map((part) => sizeOf(part.map(({ size }) => size)));
    const operands = [{ source, access: { axes, offset: access.offset } }];
    const common = { label: "pack", dtype, shape: [packedSize(space, width)], space, operands };
    return this.push({ ...common, kind: "pack", width, output: null });
  }

  private gather(node: GraphNode<"gather">, output: number | null): Step {
    const { name: label, dtype, shape } = node;
    const table = this.node(node, 0).shape;
    const { access, ...along } = accessBeside(node.attributes.axis, table, shape);
    const operands = [{ source: this.materialized(node, 0), access }, this.operand(node, 1, shape)];
    const common = { label, dtype, shape, output, space: shape, operands };
    return this.push({ kind: "gather", ...common, ...along });
  }

  private place(node: GraphNode<"place">, output: number | null): Step {
    const window = windowOf(node);
    const operand = this.operand(node, 1, window.shape);
    return this.placed(node, { window, operand, output, target: this.placeTarget(node) });
  }

  private placed(
    { name: label, dtype, shape }: GraphNode,
    what: { window: View; operand: Operand; output: number | null; target: Step },
  ): Step {
    const { window, operand, output, target } = what;
    const space = window.shape;
    const common = { label, dtype, shape, output, space, operands: [operand], target };
    return this.push({ kind: "place", ...common, window: accessOf(window) });
  }

  /** As `target`; of a base that is one number throughout, only what the window leaves is written. */
  private placeTarget(node: GraphNode<"place">): Step {
    const { source } = this.at(node, 0);
    const isFill = source.kind === "constant" || source.kind === "scalar";
    const borders = isFill ? bordersOf(node.shape, windowOf(node)) : null;
    if (!borders) return this.target(node);
    const { dtype, shape } = node;
    const blank = { label: "blank", dtype, shape, space: shape, operands: [], output: null };
    return borders.reduce(
      (target: Step, window) => {
        const access = stillAccess(window.shape);
        return this.placed(node, { window, operand: { source, access }, output: null, target });
      },
      this.push({ kind: "blank", ...blank }),
    );
  }

  private scatter(node: GraphNode<"scatter">, output: number | null): Step {
    const { name: label, dtype, shape } = node;
    const { axis, combine } = node.attributes;
    const space = this.node(node, 1).shape;
    const { access: window, ...along } = accessBeside(axis, shape, space);
    const operands = [this.operand(node, 1, space), this.operand(node, 2, space)];
    const common = { label, dtype, shape, output, space, operands, target: this.target(node) };
    return this.push({ kind: "scatter", ...common, axis, combine, window, ...along });
  }

  private compact(node: GraphNode<"compact">, output: number | null): Step {
    const { name: label, dtype, shape } = node;
    const space = this.node(node, 0).shape;
    const chosen = this.operands({ ...node, inputs: node.inputs.slice(0, 2) }, space);
    const starts = { source: this.materialized(node, 2), access: stillAccess(space) };
    const operands = [...chosen, starts];
    const { block } = node.attributes;
    return this.push({ label, dtype, shape, output, kind: "compact", space, operands, block });
  }

  /** A buffer of the base's value that may be written over: the base's own, or a copy. */
  private target(node: GraphNode): Step {
    const base = this.at(node, 0);
    const position = node.inputs[0] as number;
    const isComputed = this.graph.nodes[position]?.kind !== "view" && isStep(base.source);
    const isOurs = isComputed && this.useCount[position] === 1 && base.source.output === null;
    if (isOurs) return base.source;
    return this.copy({ name: "copy", dtype: node.dtype, shape: node.shape }, base, undefined);
  }

  /** The operand as one whole row-major buffer. */
  private materialized(node: GraphNode, input: number): Source {
    const value = this.at(node, input);
    const { dtype, shape } = this.node(node, input);
    const isBuffer = value.source.kind === "input" || isStep(value.source);
    if (isBuffer && isWhole(value.access, shape)) return value.source;
    return this.copy({ name: "contiguous", dtype, shape }, value, undefined);
  }

  private operands(node: GraphNode, space: Shape): Operand[] {
    const operands = node.inputs.map((_, input) => this.operand(node, input, space));
    for (let at = 1; at < operands.length; at++) {
      const accesses = operands.slice(0, at + 1).map(({ access }) => access);
      if (commonCuts(space, accesses)) continue;
      const { dtype, shape } = this.node(node, at);
      const source = this.copy(
        { name: "contiguous", dtype, shape },
        operands[at] as Operand,
        undefined,
      );
      operands[at] = { source, access: identityAccess(space) };
    }
    return operands;
  }

  private operand(node: GraphNode, input: number, space: Shape): Operand {
    const { source, access } = this.at(node, input);
    // A number, or one that was realized meanwhile, stands for a tensor of any shape.
    const isNumber = source.kind === "scalar" || source.kind === "constant";
    if (isNumber || this.node(node, input).shape.length < space.length) {
      return { source, access: stillAccess(space, access.offset) };
    }
    return { source, access };
  }

  private pointwise(step: Omit<PointwiseStep, "kind" | "space" | "position">): Step {
    const loop = this.loopAfterFold(step);
    const pushed = this.push({ kind: "pointwise", ...step, space: step.shape, ...loop });
    if (loop) this.afterFolds.add(pushed);
    return pushed;
  }

  /**
   * What goes on with all elements of a fold takes the fold's own axes where it can: a reshape, or an axis
   * of one element, that is set between them keeps them from no common loop.
   */
  private loopAfterFold({ shape, operands }: Pick<Step, "shape" | "operands">) {
    for (const { source, access } of operands) {
      if (!isStep(source) || !this.afterFolds.has(source) || !isIdentity(access)) continue;
      if (sizeOf(source.shape) !== sizeOf(shape)) continue;
      const joined = operands.map((operand) => joinedAccess(operand.access, source.shape));
      if (!joined.every((own) => own !== null)) continue;
      const { shape: space } = source;
      const walked = operands.map((operand, at) => ({ ...operand, access: joined[at] as Access }));
      return { space, shape: space, operands: walked };
    }
    return null;
  }

  /** An identity step: gives the value a buffer of its own, row-major. */
  private copy(
    node: { name: string; dtype: DType; shape: Shape },
    value: Located,
    output: number | undefined,
  ): Step {
    const { dtype, shape } = node;
    const isSingle = value.source.kind === "scalar" || value.source.kind === "constant";
    const access = isSingle ? stillAccess(shape) : value.access;
    return this.pointwise({
      label: node.name,
      dtype,
      shape,
      operands: [{ source: value.source, access }],
      body: identityBody(dtype),
      output: output ?? null,
    });
  }

  private push(step: Unplaced<Step>): Step {
    const placed: Step = { ...step, position: this.steps.length };
    this.steps.push(placed);
    if (placed.kind === "reduce" || placed.kind === "contract") this.afterFolds.add(placed);
    return placed;
  }

  private at(node: GraphNode, input: number): Located {
    return this.located[node.inputs[input] as number] as Located;
  }

  private node(node: GraphNode, input: number): GraphNode {
    return this.graph.nodes[node.inputs[input] as number] as GraphNode;
  }
}

const windowOf = ({ attributes: { window, strides, offset } }: GraphNode<"place">): View => ({
  shape: window,
  strides,
  offset,
});

const oneElement: SubAxis = { size: 1, stride: 0 };

const whole = (node: GraphNode, source: Source): Located => ({
  source,
  access: identityAccess(node.shape),
});

function scalarSource(node: GraphNode<"scalar">): Source {
  const { leaf, value, dtype } = node;
  return leaf < 0 ? { kind: "constant", value, dtype } : { kind: "scalar", index: leaf, dtype };
}

function identityBody(dtype: DType): LaneBody {
  return traceLanes([dtypes[dtype].lane], (_, x) => x);
}
