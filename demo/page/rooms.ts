// Rooms: one is shown at a time, the one that the address names after its #. A room is left, and has come
// to rest, before the next one is entered.

import { element } from "./elements.ts";

export interface Room {
  readonly title: string;
  readonly root: HTMLElement;
  enter(): Promise<void>;
  leave(): Promise<void>;
}

export class Rooms {
  private readonly doors: ReadonlyMap<string, () => Room>;
  private readonly links = element("rooms", HTMLElement).querySelectorAll("a");
  private shown: string | null = null;
  private last: Promise<unknown> = Promise.resolve();
  private readonly built = new Map<string, Room>();

  /** The first of the doors leads to where an address without a name goes. */
  constructor(doors: ReadonlyMap<string, () => Room>) {
    this.doors = doors;
  }

  /** Goes where the address says, now and whenever it changes. */
  follow(): void {
    const first = [...this.doors.keys()][0] ?? "";
    const go = (): void => {
      const name = location.hash.slice(1);
      if (this.doors.has(name)) void this.enter(name);
      else if (name === "" || this.shown === null) void this.enter(first);
    };
    window.addEventListener("hashchange", go);
    go();
  }

  /** Shows the room, without entering it. */
  show(name: string): Room {
    const room = this.room(name);
    this.shown = name;
    for (const [other, { root }] of this.built) root.hidden = other !== name;
    for (const link of this.links) {
      if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    document.title = `${room.title} · Shardgrad`;
    return room;
  }

  private room(name: string): Room {
    const known = this.built.get(name);
    if (known) return known;
    const build = this.doors.get(name);
    if (!build) throw new Error(`page: there is no room "${name}"`);
    const room = build();
    this.built.set(name, room);
    return room;
  }

  private enter(name: string): Promise<unknown> {
    if (name === this.shown) return this.last;
    const left = this.shown === null ? null : this.room(this.shown);
    const room = this.show(name);
    this.last = this.last.then(() => left?.leave()).then(() => room.enter());
    return this.last;
  }
}
