// CapturedStep: one step on inputs of certain looks. It is recorded until two recordings agree; then what
// it asked for is asked for again with the buffers of now: no node is recorded, no graph is walked.

import { fail } from "../base/errors.ts";
import { isContiguous } from "../base/views.ts";
import { nodeView } from "../graph/build.ts";
import { copyNode } from "../graph/copy.ts";
import { notingEvents } from "../graph/live.ts";
import {
  clearInterned,
  givenLike,
  isGiven,
  memoryNode,
  type Node,
  nextNodeId,
} from "../graph/node.ts";
import { type Storage, type StorageWatcher, watchingStorages } from "../storage.ts";
import type { Asked } from "./asked.ts";
import type { Collected } from "./collect.ts";
import type { Engine } from "./engine.ts";
import type { Alias, Realizer } from "./realizer.ts";
import { differenceOf, type Recording, recordingOf, type Seen, type Source } from "./recording.ts";

/** Recordings in a row that differ before it is said that the step cannot be captured. */
const mostRecordings = 6;

/** What a step leaves behind: nodes of results and gradients. */
export interface Left {
  readonly nodes: readonly Node[];
}

export interface Asking {
  /** The nodes of what is left behind, in the order of the recording. */
  readonly nodes: readonly Node[];
  readonly done: Promise<void>;
}

export class CapturedStep<L extends Left> {
  /** What the step whose recording is replayed left behind. */
  left: L | null = null;
  private last: Recording | null = null;
  private ready: Recording | null = null;
  private engine: Engine | null = null;
  private recordings = 0;
  private difference = "";
  private scalars: number[] = [];

  constructor(private readonly realizer: Realizer) {}

  /** Whether the next call can be a replay. */
  get isReady(): boolean {
    const { ready, realizer, engine } = this;
    if (!ready) return false;
    realizer.flushNow();
    if (engine === realizer.opened && stillHolds(ready)) return true;
    this.ready = null;
    this.last = null;
    this.recordings = 0;
    return false;
  }

  /** Runs the step on stand-ins of the arguments, and requests what it asks for. */
  record(
    args: readonly Node[],
    step: (proxies: readonly Node[], isNew: (storage: Storage) => boolean) => L,
  ): Asking & { left: L } {
    if (this.recordings >= mostRecordings) {
      fail("capture", `the step is not the same from call to call: ${this.difference}`);
    }
    this.recordings++;
    const { realizer } = this;
    realizer.flushNow();
    clearInterned();
    const watch = new Watch(nextNodeId());
    const proxies = args.map((node) => this.proxyOf(node));
    const left = this.watched(watch, () => step(proxies, (storage) => watch.made.has(storage)));
    watch.finish();
    realizer.pending.replaceShown(proxies, copyNode);
    const result = askFor(left.nodes);
    const request = realizer.takeAsked([result.asked]);
    const { events, reads, made, firstId } = watch;
    const { changed } = request;
    realizer.pending.forget(made);
    const wanted = [...changed.values(), ...request.asked.flatMap(({ nodes }) => nodes)];
    this.prepare([...lazyTargets(args), ...olderThan(firstId, wanted)], changed);
    const { uploads } = realizer;
    const seen: Seen = { proxies, reads, changed, left: left.nodes, firstId, events, uploads };
    realizer.enqueue({
      ...request,
      record: (collected, known) => {
        for (const node of collected.inputs) realizer.kept.claim(node);
        this.note(recordingOf(seen, collected, known), left);
      },
    });
    const done = result.done.finally(() => endProxies(proxies, realizer.aliases));
    return { left, nodes: left.nodes, done };
  }

  private watched(watch: Watch, body: () => L): L {
    const { realizer } = this;
    const before = realizer.onRead;
    realizer.onRead = () => watch.noteReading();
    try {
      return notingEvents(watch.events, () => watchingStorages(watch, body));
    } finally {
      realizer.onRead = before;
    }
  }

  private proxyOf(node: Node): Node {
    const proxy = memoryNode(node.dtype, node.shape, null);
    this.realizer.aliases.set(proxy, aliasOf(node));
    return proxy;
  }

  /** Realizes what the step reads as it is, and what could not be had once its changes are committed. */
  private prepare(lazy: readonly Node[], changed: ReadonlyMap<Storage, unknown>): void {
    const { realizer } = this;
    const nodes = [...lazy, ...realizer.pending.lostBy(changed)];
    if (nodes.length === 0) return;
    const { asked, done } = askFor(nodes);
    // What cannot be had fails the step that reads it, or is told to those who ask for it.
    done.catch(() => undefined);
    realizer.enqueue({ asked: [asked], changed: new Map(), released: [] });
  }

  private note(recording: Recording, left: L): void {
    const { last } = this;
    this.last = recording;
    if (!last || this.ready) return;
    const difference = differenceOf(last, recording);
    if (difference !== null) {
      this.difference = difference;
      return;
    }
    // What never changes stays, whoever else lets go of it.
    for (const source of recording.sources) if (source.kind === "fixed") source.node.holders++;
    this.ready = recording;
    this.left = { ...left, nodes: [] };
    this.engine = this.realizer.opened;
    this.scalars = [...recording.collected.scalars];
  }

  /** Asks again for what was recorded, with what lies in the storages now. Only after `isReady`. */
  replay(args: readonly Node[]): Asking {
    const { realizer } = this;
    const ready = this.ready as Recording;
    const { collected, sources, events, replaced } = ready;
    this.prepare(lazyTargets(args), replaced);
    for (let at = 0; at < events.length; at++) (events[at] as () => void)();
    this.readNumbers(ready);
    const inputs = new Array<Node>(sources.length);
    const offsets = collected.offsets.slice();
    for (let at = 0; at < inputs.length; at++) {
      const { node, offset } = targetOf(sources[at] as Source, args);
      inputs[at] = node;
      offsets[at] = (offsets[at] as number) + offset;
    }
    const outputs = collected.outputs.map(givenLike);
    const nodeAt = ({ kind, ...place }: Recording["left"][number]): Node => {
      if (kind === "fixed") return (place as { node: Node }).node;
      return (kind === "output" ? outputs : inputs)[(place as { index: number }).index] as Node;
    };
    for (const [storage, place] of replaced) storage.replace(nodeAt(place));
    const nodes = ready.left.map(nodeAt);
    const { asked, done } = askFor([]);
    const bound: Collected = { ...collected, nodes: [], inputs, offsets, outputs };
    const scalars = this.scalars.slice();
    const replay = { collected: { ...bound, scalars, sites: ready.sites }, known: ready.known };
    realizer.counts.replays++;
    realizer.enqueue({ ...realizer.takeAsked([asked]), replay });
    return { nodes, done };
  }

  private readNumbers({ readings }: Recording): void {
    for (let at = 0; at < readings.length; at++) {
      const read = readings[at];
      if (read) this.scalars[at] = read();
    }
  }
}

/** What the step does with storages and data. */
class Watch implements StorageWatcher {
  readonly reads = new Map<Storage, Node>();
  readonly made = new Set<Storage>();
  readonly events: (() => void)[] = [];
  private hasAskedForData = false;

  constructor(readonly firstId: number) {}

  created(storage: Storage): void {
    this.made.add(storage);
  }

  read(storage: Storage, node: Node): void {
    if (!this.made.has(storage) && !this.reads.has(storage)) this.reads.set(storage, node);
  }

  noteReading(): void {
    this.hasAskedForData = true;
  }

  /** After the step: what it disposed of is read by nobody. */
  finish(): void {
    for (const storage of this.reads.keys()) if (storage.node.failure) this.reads.delete(storage);
    if (!this.hasAskedForData) return;
    fail(
      "capture",
      "the step asks for data (item(), data(), nonzero(), a mask as an index …): what it does then " +
        "cannot be replayed. Return the tensor and read it after the call.",
    );
  }
}

function askFor(nodes: readonly Node[]): { asked: Asked; done: Promise<void> } {
  let asked!: Asked;
  const done = new Promise<void>((resolve, reject) => {
    asked = { nodes, held: null, resolve, reject };
  });
  return { asked, done };
}

/** Where an argument's elements lie, or will: a window on memory as long as its elements are in order. */
function aliasOf(node: Node): Alias {
  const base = node.is("view") && !node.memory ? (node.inputs[0] as Node) : node;
  if (base !== node && isGiven(base) && isContiguous(nodeView(node))) {
    return { node: base, offset: node.parameter };
  }
  return { node, offset: 0 };
}

/** Stand-ins must not keep the arguments that they stood for. */
function endProxies(proxies: readonly Node[], aliases: WeakMap<Node, Alias>): void {
  for (const proxy of proxies) {
    aliases.delete(proxy);
    proxy.failure = new Error(
      "capture: this tensor was computed inside a captured step, from its arguments, and was not " +
        "returned: only what a step returns can be had.",
    );
  }
}

const lazyTargets = (args: readonly Node[]): Node[] =>
  args.map((node) => aliasOf(node).node).filter((node) => !isGiven(node));

function targetOf(source: Source, args: readonly Node[]): Alias {
  if (source.kind === "argument") return aliasOf(args[source.index] as Node);
  return { node: source.kind === "storage" ? source.storage.node : source.node, offset: 0 };
}

/** Whether the storages still are what a replay takes them for. */
function stillHolds({ sources, collected, fixed, tied }: Recording): boolean {
  for (let at = 0; at < sources.length; at++) {
    const source = sources[at] as Source;
    if (source.kind !== "storage") continue;
    const { node } = source.storage;
    const { size, dtype } = collected.inputs[at] as Node;
    if (node.failure || node.size !== size || node.dtype !== dtype) return false;
  }
  for (const [storage, node] of fixed) if (storage.node !== node) return false;
  for (const [storage, other] of tied) if (storage.node !== other.node) return false;
  return true;
}

/** Lazy nodes from before the step that its nodes read, where they are more than a number. */
function olderThan(firstId: number, wanted: readonly Node[]): Node[] {
  const older: Node[] = [];
  const seen = new Set<Node>();
  const open = [...wanted];
  for (let node = open.pop(); node; node = open.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    if (isGiven(node) || node.kind === "scalar" || node.kind === "iota") continue;
    if (node.id < firstId && node.kind !== "view") older.push(node);
    else open.push(...node.inputs);
  }
  return older;
}
