// ArgumentWriter: the cells of a program, translated once to flat arrays, written once per run.
import { invariant } from "../base/errors.ts";
import type { Cell, Program } from "../base/program.ts";
import type { Binding } from "./executor.ts";
import { bytesPerCell, bytesPerWord, control, controlBytes } from "./protocol.ts";

/** Where a run's cells and words are written, and what the arena and the fault record are. */
export interface RunArea {
  readonly address: number;
  /** Address of the scratch memory, 0 when the program wants none. */
  readonly arena: number;
}

/** Three views on the memory the area lies in. */
export interface MemoryViews {
  readonly words: Int32Array;
  readonly floats: Float32Array;
  readonly doubles: Float64Array;
}

export function viewsOn(memory: WebAssembly.Memory): MemoryViews {
  const { buffer } = memory;
  return {
    words: new Int32Array(buffer),
    floats: new Float32Array(buffer),
    doubles: new Float64Array(buffer),
  };
}

/** How a cell is written. An address is base[slot] + offset, a scalar is scalars[slot]. */
const kinds = { address: 0, f32: 1, f64: 2, i32: 3, constant: 4 } as const;

export class ArgumentWriter {
  /** Of the whole area: control words, then cells. */
  readonly bytes: number;
  private readonly program: Program;
  private readonly controlBytes: number;
  private readonly kinds: Uint8Array;
  private readonly slots: Int32Array;
  private readonly offsets: Float64Array;
  private readonly bases: Float64Array;

  constructor(program: Program) {
    const cells = program.launches.flatMap((launch, index) =>
      launch.cells.map((cell) => translate(cell, index, program)),
    );
    this.program = program;
    this.controlBytes = controlBytes(program.stages.length);
    this.bytes = this.controlBytes + cells.length * bytesPerCell;
    this.kinds = Uint8Array.from(cells, ({ kind }) => kind);
    this.slots = Int32Array.from(cells, ({ slot }) => slot);
    this.offsets = Float64Array.from(cells, ({ offset }) => offset);
    this.bases = new Float64Array(program.inputCount + program.outputs.length + 2);
  }

  /** Zeroes the control words and writes all cells. */
  write(views: MemoryViews, area: RunArea, binding: Binding): void {
    this.fillBases(area, binding);
    const { words, floats, doubles } = views;
    const start = area.address / bytesPerWord;
    const cellStart = (area.address + this.controlBytes) / bytesPerWord;
    words.fill(0, start, cellStart);
    for (let cell = 0, word = cellStart; cell < this.kinds.length; cell++, word += 2) {
      const slot = this.slots[cell]!;
      switch (this.kinds[cell]) {
        case kinds.address: {
          const address = this.bases[slot]! + this.offsets[cell]!;
          words[word] = address;
          words[word + 1] = address / 2 ** 32;
          break;
        }
        case kinds.f32:
          floats[word] = binding.scalars[slot]!;
          break;
        case kinds.f64:
          doubles[word / 2] = binding.scalars[slot]!;
          break;
        case kinds.i32:
          words[word] = binding.scalars[slot]!;
          break;
        default:
          words[word] = slot;
      }
    }
  }

  /** bases = inputs, outputs, arena, fault record. */
  private fillBases({ address, arena }: RunArea, { inputs, outputs, scalars }: Binding): void {
    const { inputCount, outputs: outputBytes, scalarCount } = this.program;
    checkCount("inputs", inputs.length, inputCount);
    checkCount("outputs", outputs.length, outputBytes.length);
    checkCount("scalars", scalars.length, scalarCount);
    this.bases.set(inputs, 0);
    this.bases.set(outputs, inputCount);
    this.bases[this.bases.length - 2] = arena;
    this.bases[this.bases.length - 1] = address + control.faultLaunch * bytesPerWord;
  }
}

function checkCount(what: string, got: number, wanted: number): void {
  if (got !== wanted) invariant(false, `binding: ${got} ≠ ${wanted} ${what}`);
}

interface Written {
  readonly kind: number;
  readonly slot: number;
  readonly offset: number;
}

function translate(cell: Cell, launch: number, program: Program): Written {
  const afterBuffers = program.inputCount + program.outputs.length;
  switch (cell.kind) {
    case "address": {
      const { from, index, offset } = cell;
      const starts = { input: 0, output: program.inputCount, arena: afterBuffers };
      return { kind: kinds.address, slot: starts[from] + index, offset };
    }
    case "fault":
      return { kind: kinds.address, slot: afterBuffers + 1, offset: 0 };
    case "scalar":
      return { kind: kinds[cell.type], slot: cell.index, offset: 0 };
    case "launch":
      return { kind: kinds.constant, slot: launch, offset: 0 };
    default: {
      const unreachable: never = cell;
      return unreachable;
    }
  }
}
