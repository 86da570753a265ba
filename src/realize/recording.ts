// Recording: what the request of a captured step read and wrote, said so that it can be asked for again.
// Two recordings that agree are a replay: from then on nothing of the step is recorded any more.
//
//   input   argument of the step | storage, whatever it holds by then | node that never changes
//   place   where a value is found after the step: output | input | node that never changes

import type { TypedArray } from "../base/dtypes.ts";
import { liveReading } from "../graph/live.ts";
import { givenLike, type Node } from "../graph/node.ts";
import type { Storage } from "../storage.ts";
import { type Collected, type Site, sitesOf } from "./collect.ts";
import type { KnownProgram } from "./programs.ts";

export type Source =
  | { readonly kind: "argument"; readonly index: number }
  | { readonly kind: "storage"; readonly storage: Storage }
  | { readonly kind: "fixed"; readonly node: Node };

export type Place =
  | { readonly kind: "output" | "input"; readonly index: number }
  | { readonly kind: "fixed"; readonly node: Node };

/** What was seen while the step ran. */
export interface Seen {
  /** What stands for the arguments. */
  readonly proxies: readonly Node[];
  /** Storages that were there before, with the node that the step met first. */
  readonly reads: ReadonlyMap<Storage, Node>;
  readonly changed: ReadonlyMap<Storage, Node>;
  /** Nodes of what is left behind: results and gradients. */
  readonly left: readonly Node[];
  /** Nodes from this id on were made by the step. */
  readonly firstId: number;
  readonly events: readonly (() => void)[];
  readonly uploads: WeakMap<Node, TypedArray>;
}

export interface Recording {
  readonly known: KnownProgram;
  readonly collected: Collected;
  readonly sources: readonly Source[];
  /** Data that the step gave itself, input by input. */
  readonly given: readonly (TypedArray | null)[];
  /** Storages that show a number throughout, or what another one shows; that must still be so. */
  readonly fixed: ReadonlyMap<Storage, Node>;
  readonly tied: ReadonlyMap<Storage, Storage>;
  readonly replaced: ReadonlyMap<Storage, Place>;
  readonly left: readonly Place[];
  readonly readings: readonly ((() => number) | null)[];
  readonly events: readonly (() => void)[];
  readonly sites: readonly Site[];
}

/** Says what a request was, once it is collected. */
export function recordingOf(seen: Seen, collected: Collected, known: KnownProgram): Recording {
  const { inputs, outputs } = collected;
  const { storages, fixed, tied } = rolesOf(seen, new Set(inputs));
  const placeOf = placesIn(collected);
  return {
    known,
    // A recording outlives its graph: of the nodes only their looks are kept.
    collected: {
      ...collected,
      nodes: [],
      inputs: inputs.map(givenLike),
      outputs: outputs.map(givenLike),
    },
    sources: inputs.map((node) => sourceOf(node, seen, storages)),
    given: inputs.map((node) =>
      node.id >= seen.firstId ? (seen.uploads.get(node) ?? null) : null,
    ),
    fixed,
    tied,
    replaced: new Map([...seen.changed].map(([storage, node]) => [storage, placeOf(node)])),
    left: seen.left.map(placeOf),
    readings: collected.nodes.filter(isParameter).map(liveReading),
    events: seen.events,
    sites: sitesOf(collected),
  };
}

/** What the storages that the step read are for its request. */
function rolesOf({ reads }: Seen, inputs: ReadonlySet<Node>) {
  const storages = new Map<Node, Storage>();
  const fixed = new Map<Storage, Node>();
  const tied = new Map<Storage, Storage>();
  for (const [storage, node] of reads) {
    const first = storages.get(node);
    if (!inputs.has(node)) {
      if (isNumber(node) || isWindow(node)) fixed.set(storage, node);
    } else if (first) tied.set(storage, first);
    else storages.set(node, storage);
  }
  return { storages, fixed, tied };
}

function placesIn({ inputs, outputs }: Collected): (node: Node) => Place {
  const outputAt = new Map(outputs.map((node, at) => [node, at]));
  const inputAt = new Map(inputs.map((node, at) => [node, at]));
  return (node) => {
    const output = outputAt.get(node);
    if (output !== undefined) return { kind: "output", index: output };
    const input = inputAt.get(node);
    return input === undefined ? { kind: "fixed", node } : { kind: "input", index: input };
  };
}

function sourceOf(node: Node, { proxies }: Seen, storages: ReadonlyMap<Node, Storage>): Source {
  const index = proxies.indexOf(node);
  if (index >= 0) return { kind: "argument", index };
  const storage = storages.get(node);
  return storage ? { kind: "storage", storage } : { kind: "fixed", node };
}

const isNumber = (node: Node): boolean =>
  node.kind === "scalar" || (node.kind === "view" && node.inputs[0]?.kind === "scalar");

const isWindow = (node: Node): boolean => node.kind === "view" && !node.memory;

const isParameter = (node: Node): boolean =>
  node.is("scalar") && !node.memory && !node.attributes.structural;

/** How two recordings of a step differ, in words for who wrote it; null: they agree. */
export function differenceOf(a: Recording, b: Recording): string | null {
  if (!isEqual(a.collected.words, b.collected.words)) return "it computes something else";
  if (!isEqual(a.collected.offsets, b.collected.offsets)) {
    return "it looks at another part of a tensor; give what it looks at as an argument";
  }
  const numbers = a.collected.scalars.every(
    (number, at) =>
      (a.readings[at] && b.readings[at]) || Object.is(number, b.collected.scalars[at]),
  );
  if (!numbers) return "one of its numbers has changed; make it a liveNumber(() => …)";
  if (!a.sources.every((source, at) => isSameSource(a, b, at, source))) {
    return "it reads another tensor or other data; give these as arguments, or change one in place";
  }
  if (!isSameMap(a.fixed, b.fixed) || !isSameMap(a.tied, b.tied)) return "it reads other tensors";
  if (!hasSameEffects(a, b)) return "it changes or returns other tensors";
  return null;
}

function isSameSource(a: Recording, b: Recording, at: number, source: Source): boolean {
  const other = b.sources[at] as Source;
  if (source.kind === "argument") return other.kind === "argument" && other.index === source.index;
  if (source.kind === "storage") {
    return other.kind === "storage" && other.storage === source.storage;
  }
  if (other.kind !== "fixed") return false;
  const [data, otherData] = [a.given[at], b.given[at]];
  return data && otherData ? isEqual(data, otherData) : other.node === source.node;
}

function hasSameEffects(a: Recording, b: Recording): boolean {
  return (
    a.replaced.size === b.replaced.size &&
    a.left.length === b.left.length &&
    a.events.length === b.events.length &&
    [...a.replaced].every(([storage, place]) => {
      const other = b.replaced.get(storage);
      return other !== undefined && isSamePlace(place, other);
    }) &&
    a.left.every((place, at) => isSamePlace(place, b.left[at] as Place))
  );
}

/** A number that the step left behind is the same structure, though not the same node. */
function isSamePlace(a: Place, b: Place): boolean {
  if (a.kind === "fixed") return b.kind === "fixed" && a.node.structure === b.node.structure;
  return b.kind !== "fixed" && a.kind === b.kind && a.index === b.index;
}

function isSameMap<Key, Value>(a: ReadonlyMap<Key, Value>, b: ReadonlyMap<Key, Value>): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);
}

function isEqual(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (!Object.is(a[at], b[at])) return false;
  return true;
}
