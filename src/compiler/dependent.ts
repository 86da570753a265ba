// Dependent: what needs others of its kind, without cycles, and can be asked whether it depends on one. A
// rank above those of all that it needs bounds the search: only what ranks higher can depend on another.

export abstract class Dependent<Own extends Dependent<Own>> {
  private rank = 0;
  private readonly own = new Set<Own>();
  private readonly needing = new Set<Own>();

  /** What this needs, directly. */
  get needs(): ReadonlySet<Own> {
    return this.own;
  }

  /** Notes that this needs `other`, which does not depend on this. */
  need(this: Own, other: Own): void {
    if (this.own.has(other)) return;
    this.own.add(other);
    other.needing.add(this);
    const pending = this.raiseAbove(other) ? [this] : [];
    for (let raised = pending.pop(); raised; raised = pending.pop()) {
      for (const next of raised.needing) if (next.raiseAbove(raised)) pending.push(next);
    }
  }

  private raiseAbove(other: Dependent<Own>): boolean {
    if (this.rank > other.rank) return false;
    this.rank = other.rank + 1;
    return true;
  }

  /** Whether this is `other`, or needs it by way of others. */
  dependsOn(this: Own, other: Own): boolean {
    if (this === other) return true;
    const seen = new Set<Own>();
    const pending = [this];
    for (let own = pending.pop(); own; own = pending.pop()) {
      if (own.own.has(other)) return true;
      for (const next of own.own) {
        if (next.rank <= other.rank || seen.has(next)) continue;
        seen.add(next);
        pending.push(next);
      }
    }
    return false;
  }
}
