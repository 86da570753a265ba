// LoadedProgram: a Program as the walk wants it, flat arrays and callable kernels, made once per thread.
// A module that cannot be instantiated does not fail here: its kernels throw when they are called, so
// that the failure takes the way of every other trap.
import { invariant } from "../base/errors.ts";
import type { Program, ProgramModule, Stage } from "../base/program.ts";
import { bytesPerCell, controlBytes } from "./protocol.ts";

/** Units [begin, end); args is the byte address of the launch's cells, scratch of the worker's own memory. */
export type Kernel = (args: number, begin: number, end: number, scratch: number) => void;

export interface LoadedProgram {
  readonly stageCount: number;
  /** Per stage. */
  readonly isSerial: readonly boolean[];
  readonly tiles: Int32Array;
  /** Launches [first[s], first[s + 1]) belong to stage s. */
  readonly first: Int32Array;
  /** Per launch. */
  readonly kernels: readonly Kernel[];
  readonly units: Int32Array;
  readonly grain: Int32Array;
  /** Position of a launch's first tile among those of its stage. */
  readonly firstTile: Int32Array;
  /** Bytes from the start of the run's area to the launch's cells. */
  readonly cells: Int32Array;
}

/** Instances on one memory, shared by the programs that use a module. */
export class Loader {
  private readonly memory: WebAssembly.Memory;
  private readonly programs = new Map<number, { loaded: LoadedProgram; modules: number[] }>();
  private readonly instances = new Map<number, { exports: Exports; users: number }>();

  constructor(memory: WebAssembly.Memory) {
    this.memory = memory;
  }

  get(id: number): LoadedProgram | undefined {
    return this.programs.get(id)?.loaded;
  }

  load(program: Program): LoadedProgram {
    const exports = program.modules.map((module) => this.instance(module));
    const kernels = program.kernels.map(({ module, exportName }) =>
      kernelOf(exports[module], exportName),
    );
    const loaded = flatten(program, kernels);
    const modules = program.modules.map(({ id }) => id);
    this.forget(program.id);
    this.programs.set(program.id, { loaded, modules });
    return loaded;
  }

  forget(id: number): void {
    for (const module of this.programs.get(id)?.modules ?? []) {
      const instance = this.instances.get(module);
      if (instance && --instance.users === 0) this.instances.delete(module);
    }
    this.programs.delete(id);
  }

  private instance({ id, module }: ProgramModule): Exports {
    let known = this.instances.get(id);
    if (!known) {
      known = { exports: instantiate(module, this.memory), users: 0 };
      this.instances.set(id, known);
    }
    known.users++;
    return known.exports;
  }
}

/** What a module exports, or why it could not be instantiated. */
type Exports = WebAssembly.Exports | Error;

function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Exports {
  try {
    return new WebAssembly.Instance(module, { env: { memory } }).exports;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function kernelOf(exports: Exports | undefined, name: string): Kernel {
  if (exports instanceof Error) return throwing(exports);
  const found = exports?.[name];
  if (typeof found === "function") return found as Kernel;
  return throwing(new Error(`the module exports no function ${name}`));
}

function throwing(error: Error): Kernel {
  return () => {
    throw error;
  };
}

function flatten({ launches, stages }: Program, kernels: readonly Kernel[]): LoadedProgram {
  const cells = new Int32Array(launches.length);
  let next = controlBytes(stages.length);
  for (const [index, launch] of launches.entries()) {
    cells[index] = next;
    next += launch.cells.length * bytesPerCell;
  }
  const firstTile = new Int32Array(launches.length);
  for (const stage of stages) numberTiles(stage, launches, firstTile);
  const first = [...stages.map((stage) => stage.first), launches.length];
  return {
    stageCount: stages.length,
    isSerial: stages.map(({ kind }) => kind === "serial"),
    tiles: Int32Array.from(stages, ({ tiles }) => tiles),
    first: Int32Array.from(first),
    kernels: launches.map(({ kernel }) => kernels[kernel]!),
    units: Int32Array.from(launches, ({ units }) => units),
    grain: Int32Array.from(launches, ({ grain }) => grain),
    firstTile,
    cells,
  };
}

/** tiles = Σ ceil(units / grain) over a parallel stage's launches, 1 for a serial stage. */
function numberTiles(stage: Stage, launches: Program["launches"], firstTile: Int32Array): void {
  let tile = 0;
  for (let index = stage.first; index < stage.first + stage.count; index++) {
    firstTile[index] = tile;
    const { units, grain } = launches[index]!;
    tile += Math.ceil(units / grain);
  }
  const expected = stage.kind === "serial" ? 1 : tile;
  invariant(
    stage.tiles === expected,
    `stage at ${stage.first}: ${stage.tiles} ≠ ${expected} tiles`,
  );
}
