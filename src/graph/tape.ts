// The Tape beside the graph: a Value is a node with its place on the Tape; an Entry stands for one
// recorded call and knows how to send gradients back along its edges. Entries are never interned and
// never folded: two equal calls share a node and have two entries.
//
//   Value ─edge→ Entry(name, next edges, backward) ─next→ Entry … ─next→ AccumulateGrad of a leaf

import type { DType } from "../base/dtypes.ts";
import type { Shape } from "../base/shapes.ts";
import type { Node } from "./node.ts";

export interface Value {
  readonly node: Node;
  /** Where this value's gradient goes; null when it needs none. */
  readonly edge: Edge | null;
}

export interface Edge {
  readonly entry: Entry;
  /** Which of the entry's outputs. */
  readonly output: number;
}

/** A gradient may be absent: nothing flows. */
export type Gradient = Value | null;

/** What an entry of several outputs, or its hooks, must know of one. */
export interface OutputLooks {
  readonly shape: Shape;
  readonly dtype: DType;
}

const noneSaved: readonly Saved[] = [];

let entryCount = 0;

/** Entries recorded from now on have this sequence number, or a larger one. */
export const nextSequence = (): number => entryCount;

/** An entry, and the nodes whose values its `backward` will read. */
export interface Reading {
  readonly entry: Entry;
  readonly nodes: readonly Node[];
}

const noNodes: readonly Node[] = [];

export abstract class Entry {
  /** Grows with time: an entry's inputs were recorded before it. */
  readonly sequence = entryCount++;
  /** The tensors whose values this entry may need, and their versions when it was recorded. */
  saved: readonly Saved[] = noneSaved;
  isReleased = false;
  /** Told when this entry lets go of what it kept for backward. */
  onRelease: (() => void) | null = null;

  constructor(
    /** PyTorch's class name: `MulBackward0`. */
    readonly name: string,
    readonly next: readonly (Edge | null)[],
    readonly outputs: readonly OutputLooks[],
  ) {}

  /** Gradients of the outputs in, of the inputs out, position by position; built with recorded ops. */
  abstract backward(gradients: readonly Gradient[]): readonly Gradient[];

  /** Whether `backward` reads the value of an input, or of the first output (-1). */
  needs(_input: number): boolean {
    return true;
  }

  /** The nodes whose values `backward` reads. */
  nodesRead(): readonly Node[] {
    return noNodes;
  }

  /** What the input (or the first output, -1) looks like, for messages. */
  describe(input: number): OutputLooks | undefined {
    if (input < 0) return this.outputs[0];
    const edge = this.next[input];
    return edge ? edge.entry.outputs[edge.output] : undefined;
  }

  /** Lets go of everything kept for backward; a second backward is then an error. */
  release(): void {
    this.isReleased = true;
    this.forgetVersions();
    this.onRelease?.();
    this.onRelease = null;
  }

  protected forgetVersions(): void {
    this.saved = noneSaved;
  }
}

/** Something that is changed in place and counts it. */
export interface Versioned {
  readonly version: number;
}

export interface Saved {
  readonly of: Versioned;
  readonly version: number;
  /** Position among the entry's inputs, or -1 for its output. */
  readonly input: number;
}

/** Whether calls are put on the Tape: `noGrad` turns it off, for the synchronous part of a function. */
let recording = true;

export const isRecording = (): boolean => recording;

/** Runs `body` with the Tape on or off, and restores it whatever happens. */
export function withRecording<T>(on: boolean, body: () => T): T {
  const before = recording;
  recording = on;
  try {
    return body();
  } finally {
    recording = before;
  }
}

export const constantValue = (node: Node): Value => ({ node, edge: null });
