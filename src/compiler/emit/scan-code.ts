// States of a scan while code is written: lifted from elements, merged in order, finished.

import type { LaneBody } from "../../base/lanes.ts";
import type { Scanner } from "../../base/scanners.ts";
import type { Local } from "../../wasm/function.ts";
import type { LoopWriter } from "./loop-writer.ts";
import type { Position } from "./position.ts";
import { moveRegister, newRegister, type Register } from "./register.ts";
import { reorderLanes } from "./reorder-lanes.ts";
import { type State, usesInput } from "./state-code.ts";

interface ScanParts {
  readonly scanner: Scanner;
  readonly inputs: readonly number[];
}

export class ScanCode {
  /** Masks of the lanes that have one two, or one lane, before them. */
  private readonly behind = new Map<number, Register>();
  private readonly needsIndex: boolean;

  constructor(
    private readonly loop: LoopWriter,
    private readonly parts: ScanParts,
  ) {
    const { lift, merge, finish, state, inputs } = parts.scanner;
    for (const body of [lift, merge, finish]) loop.lanes.prepare(body);
    for (const { type, initial } of state) loop.lanes.constant(type, initial);
    loop.lanes.constant("i32", 0);
    this.needsIndex = usesInput(lift, inputs.length);
  }

  /** Fresh registers for a state. */
  declare(): State {
    return this.parts.scanner.state.map(({ type }) => newRegister(this.loop.f, type));
  }

  initial(): State {
    return this.parts.scanner.state.map(({ type, initial }) =>
      this.loop.lanes.constant(type, initial),
    );
  }

  move(to: State, from: State): void {
    // A part of `from` may be another part of `to`: all go by way of copies.
    const copies = from.map((register) => {
      const copy = newRegister(this.loop.f, register.type);
      moveRegister(this.loop.f, copy, register);
      return copy;
    });
    to.forEach((register, s) => moveRegister(this.loop.f, register, copies[s] as Register));
  }

  /** The states of the elements at each position; `index` is asked for where they need it. */
  lift(positions: readonly Position[], index: (position: Position) => Register): State[] {
    const { loop, parts } = this;
    loop.writeInStep(parts.inputs, positions);
    const inputs = positions.map((position) => [
      ...parts.inputs.map((at) => loop.value(at, position)),
      this.needsIndex ? index(position) : loop.lanes.constant("i32", 0),
    ]);
    return loop.lanes.runInStep(parts.scanner.lift, inputs);
  }

  merge(before: State, after: State): State {
    return this.mergeInStep([before], [after])[0] as State;
  }

  private mergeInStep(before: readonly State[], after: readonly State[]): State[] {
    const inputs = before.map((state, at) => [...state, ...(after[at] as State)]);
    return this.loop.lanes.runInStep(this.parts.scanner.merge, inputs);
  }

  finish(state: State): Register {
    return this.loop.lanes.run(this.parts.scanner.finish, state)[0] as Register;
  }

  /** Each lane merged with all before it:  a b c d  →  a ab bc cd  →  a ab abc abcd */
  acrossLanes(states: readonly State[]): State[] {
    const once = this.mergedFrom(states, 1, [0, 0, 1, 2]);
    return this.mergedFrom(once, 2, [0, 1, 0, 1]);
  }

  private mergedFrom(
    states: readonly State[],
    distance: number,
    order: readonly number[],
  ): State[] {
    const { f } = this.loop;
    const before = states.map((state) => state.map((register) => reorderLanes(f, register, order)));
    const merged = this.mergeInStep(before, states);
    return states.map((state, at) =>
      state.map((own, s) => this.lanesFrom(distance, merged[at]?.[s] as Register, own)),
    );
  }

  /** `register` in the lanes from `first` on, `other` in those before. */
  private lanesFrom(first: number, register: Register, other: Register): Register {
    const { type } = register;
    const body: LaneBody = {
      inputs: ["mask", type, type],
      instructions: [{ op: "select", type, to: type, args: [0, 1, 2] }],
      outputs: [3],
    };
    const mask = this.behind.get(first) as Register;
    return this.loop.lanes.run(body, [mask, register, other])[0] as Register;
  }

  /** Sets the masks that `acrossLanes` takes; call before the loops. */
  prepareLanes(): void {
    const { f } = this.loop;
    for (const first of [1, 2]) {
      const mask = newRegister(f, "mask");
      const lanes = Int32Array.from([0, 1, 2, 3], (lane) => (lane >= first ? -1 : 0));
      f.v128(new Uint8Array(lanes.buffer));
      f.set(mask.parts[0] as Local);
      this.behind.set(first, mask);
    }
  }

  /** The last lane in all lanes. */
  lastLane(state: State): State {
    return state.map((register) => reorderLanes(this.loop.f, register, [3, 3, 3, 3]));
  }
}
