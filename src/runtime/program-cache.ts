// ProgramCache: which programs the executing side holds, the least recently used forgotten first.
import type { Program } from "../base/program.ts";

const capacity = 256;

export class ProgramCache {
  /** Oldest use first. */
  private readonly known = new Map<number, Program>();

  has(program: Program): boolean {
    return this.known.has(program.id);
  }

  /** Notes the use, and names the programs to forget for it. */
  use(program: Program): number[] {
    this.known.delete(program.id);
    this.known.set(program.id, program);
    const forgotten: number[] = [];
    for (const id of this.known.keys()) {
      if (this.known.size <= capacity) break;
      this.known.delete(id);
      forgotten.push(id);
    }
    return forgotten;
  }

  clear(): void {
    this.known.clear();
  }
}
