// Program: the contract between the compiler that makes it and the runtime that runs it. Plain data.
//
//   Program ─ stages ─ launches ─ cells
//
// Stages run one after the other; a stage is complete when all its tiles are. Launches of a parallel
// stage do not depend on each other, their tiles are claimed together; a serial stage is ONE tile in
// which its launches run in order, whole. A launch calls its kernel as (args, begin, end, scratch): units
// [begin, end) of its own outputs, args the address of its cells, 8 bytes each, written per run;
// scratch the address of `scratchBytes` that are the worker's own, for the time of the call.

/** What a cell holds when the kernel reads it. */
export type Cell =
  /** Address of a buffer, as the memory's address type. */
  | {
      readonly kind: "address";
      readonly from: "input" | "output" | "arena";
      /** Position among the program's inputs or outputs; 0 for the arena. */
      readonly index: number;
      readonly offset: number;
    }
  /** A scalar parameter of the program, as f32, f64 or i32 in the cell's first bytes. */
  | { readonly kind: "scalar"; readonly index: number; readonly type: "f32" | "f64" | "i32" }
  /**
   * Address of the run's fault record: two i32. A kernel that meets bad data stores
   * 1 + its launch's position and then the offending value, and goes on with a clamped one.
   */
  | { readonly kind: "fault" }
  /** A constant i32: the launch's own position among `launches`. */
  | { readonly kind: "launch" };

export interface KernelRef {
  /** Position in `modules`. */
  readonly module: number;
  readonly exportName: string;
}

export interface Launch {
  /** Position in `kernels`. */
  readonly kernel: number;
  /** Units of work; a tile is `grain` of them, the last one fewer. At least 1. */
  readonly units: number;
  readonly grain: number;
  readonly cells: readonly Cell[];
  /** What an error says: the ops that were fused and the shape, `sum·exp·sub [32, 10]`. */
  readonly label: string;
}

export interface Stage {
  readonly kind: "parallel" | "serial";
  /** Launches [first, first + count). */
  readonly first: number;
  readonly count: number;
  /** parallel: sum over its launches of ceil(units / grain); serial: 1. */
  readonly tiles: number;
}

export interface ProgramModule {
  /** Unique in the process; workers keep instances by it. */
  readonly id: number;
  readonly module: WebAssembly.Module;
}

export interface Program {
  readonly id: number;
  readonly modules: readonly ProgramModule[];
  readonly kernels: readonly KernelRef[];
  readonly launches: readonly Launch[];
  readonly stages: readonly Stage[];
  /** Bytes of each output; the runtime allocates them, padded to `vectorSlack` at the end. */
  readonly outputs: readonly number[];
  readonly inputCount: number;
  readonly scalarCount: number;
  /** Scratch for intermediates, 64-byte aligned. */
  readonly arenaBytes: number;
}

/** A worker's own memory for what a kernel lays out anew: a quarter of the second-nearest cache. */
export const scratchBytes = 1 << 18;

/** Every buffer may be read this many bytes past its end: kernels load whole vectors at the tail. */
export const vectorSlack = 64;
