// Bookings: the memory a run needs besides its buffers: an area for control words and cells, kept for
// the next runs, and the arena, one block that all runs share because they are carried out in order.
import type { Program } from "../base/program.ts";
import { ArgumentWriter, type MemoryViews, viewsOn } from "./arguments.ts";
import type { Binding, RunResult } from "./executor.ts";
import type { Block, Heap } from "./heap.ts";
import { bytesPerWord, control, stageCounter } from "./protocol.ts";

/** Areas kept for reuse; as many runs as this are in flight without an allocation. */
const spareAreas = 8;
const smallestAreaBytes = 1024;

interface Arena {
  readonly block: Block;
  users: number;
}

export interface Booking {
  readonly address: number;
  readonly area: Block;
  readonly arena: Arena | null;
}

export class Bookings {
  private readonly heap: Heap;
  private readonly spare: Block[] = [];
  private readonly writers = new WeakMap<Program, ArgumentWriter>();
  private readonly stopReclaiming: () => void;
  private views: MemoryViews;
  private arena: Arena | null = null;

  constructor(heap: Heap) {
    this.heap = heap;
    this.views = viewsOn(heap.memory);
    this.stopReclaiming = heap.onPressure(() => this.reclaim());
  }

  /** Books the memory and writes the control words and cells: the run can start. */
  book(program: Program, binding: Binding): Booking {
    let writer = this.writers.get(program);
    if (!writer) {
      writer = new ArgumentWriter(program);
      this.writers.set(program, writer);
    }
    const arena = this.holdArena(program.arenaBytes);
    try {
      const area = this.takeArea(writer.bytes);
      const { address } = area;
      writer.write(this.current(), { address, arena: arena?.block.address ?? 0 }, binding);
      return { address, area, arena };
    } catch (error) {
      if (arena) this.releaseArena(arena);
      throw error;
    }
  }

  /** Called when nobody works on the run any more. */
  release({ area, arena }: Booking): void {
    if (this.spare.length < spareAreas) this.spare.push(area);
    else this.heap.free(area);
    if (arena) this.releaseArena(arena);
  }

  /** In place of release when a lost worker may still look at the area: it is never used again. */
  abandon({ arena }: Booking): void {
    if (arena) this.releaseArena(arena);
  }

  word(booking: Booking, word: keyof typeof control): number {
    return Atomics.load(this.current().words, this.position(booking, word));
  }

  /** Sets a word that was 0; a word that was not stays. */
  setFirst(booking: Booking, word: keyof typeof control, value: number): void {
    Atomics.compareExchange(this.current().words, this.position(booking, word), 0, value);
  }

  /** Sets a word whatever it was, and wakes who sleeps until there is progress. */
  override(booking: Booking, word: keyof typeof control, value: number): void {
    const { words } = this.current();
    Atomics.store(words, this.position(booking, word), value);
    Atomics.notify(words, this.position(booking, "progress"));
  }

  fault(booking: Booking): RunResult["fault"] {
    const launch = this.word(booking, "faultLaunch");
    return launch === 0 ? null : { launch: launch - 1, value: this.word(booking, "faultValue") };
  }

  /** Changes with every tile that is claimed or finished. */
  progress(booking: Booking, stageCount: number): string {
    const start = this.position(booking, "stages");
    const counters = this.current().words.slice(start, start + stageCount * stageCounter.words);
    return counters.reduce((sum, count) => sum + count, 0).toString();
  }

  close(): void {
    this.stopReclaiming();
    this.reclaim();
  }

  private position({ address }: Booking, word: keyof typeof control): number {
    return address / bytesPerWord + control[word];
  }

  private current(): MemoryViews {
    if (this.views.words.buffer !== this.heap.memory.buffer) this.views = viewsOn(this.heap.memory);
    return this.views;
  }

  private takeArea(bytes: number): Block {
    for (let index = this.spare.length - 1; index >= 0; index--) {
      if (this.spare[index]!.bytes >= bytes) return this.spare.splice(index, 1)[0]!;
    }
    const rounded = 2 ** Math.ceil(Math.log2(Math.max(bytes, smallestAreaBytes)));
    return this.heap.allocate(rounded);
  }

  private holdArena(bytes: number): Arena | null {
    if (bytes === 0) return null;
    if (this.arena && this.arena.block.bytes < bytes) this.dropArena();
    this.arena ??= { block: this.heap.allocate(bytes), users: 0 };
    this.arena.users++;
    return this.arena;
  }

  private releaseArena(arena: Arena): void {
    arena.users--;
    if (arena.users === 0 && arena !== this.arena) this.heap.free(arena.block);
  }

  /** Lets go of the arena; the runs that use it keep it until they end. */
  private dropArena(): void {
    if (this.arena?.users === 0) this.heap.free(this.arena.block);
    this.arena = null;
  }

  private reclaim(): void {
    if (this.arena?.users === 0) this.dropArena();
    for (const area of this.spare.splice(0)) this.heap.free(area);
  }
}
