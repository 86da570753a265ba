// Readings: what a later backward will read, entry by entry. Nothing is recorded for it.

import type { Edge, Entry, Reading } from "../graph/tape.ts";

/** Of all entries behind the edges that were not released, up to those where `ends` says so. */
export function readingsFrom(
  edges: readonly (Edge | null)[],
  ends: (entry: Entry) => boolean = () => false,
): Reading[] {
  const readings: Reading[] = [];
  const seen = new Set<Entry>();
  const open: Entry[] = [];
  const meet = (edge: Edge | null): void => {
    if (!edge || seen.has(edge.entry)) return;
    seen.add(edge.entry);
    open.push(edge.entry);
  };
  edges.forEach(meet);
  for (let entry = open.pop(); entry; entry = open.pop()) {
    if (entry.isReleased || ends(entry)) continue;
    const nodes = entry.nodesRead();
    if (nodes.length > 0) readings.push({ entry, nodes });
    entry.next.forEach(meet);
  }
  return readings;
}
