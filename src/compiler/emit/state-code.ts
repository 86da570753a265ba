// States of reductions while code is written: initial values, steps, merges of lanes and of states.

import type { LaneBody } from "../../base/lanes.ts";
import type { Local } from "../../wasm/function.ts";
import type { Reduction } from "../kernel.ts";
import type { LoopWriter } from "./loop-writer.ts";
import { moveRegister, newRegister, type Register } from "./register.ts";
import { reorderLanes } from "./reorder-lanes.ts";

export type State = readonly Register[];

export class StateCode {
  constructor(
    private readonly loop: LoopWriter,
    readonly reductions: readonly Reduction[],
  ) {
    for (const { reducer } of reductions) {
      loop.lanes.prepare(reducer.step);
      loop.lanes.prepare(reducer.merge);
      loop.lanes.prepare(reducer.finish);
      for (const { type, initial } of reducer.state) loop.lanes.constant(type, initial);
    }
  }

  /** Fresh registers for one state of each reduction. */
  declare(): State[] {
    return this.reductions.map(({ reducer }) =>
      reducer.state.map(({ type }) => newRegister(this.loop.f, type)),
    );
  }

  start(states: readonly State[]): void {
    states.forEach((state, r) => this.startOne(r, state));
  }

  startOne(r: number, state: State): void {
    this.reductions[r]?.reducer.state.forEach(({ type, initial }, s) => {
      moveRegister(this.loop.f, state[s] as Register, this.loop.lanes.constant(type, initial));
    });
  }

  /** state ← step(state, x, index), only in real lanes. */
  step(r: number, state: State, x: Register, index: () => Register, lanes: number): void {
    const { reducer } = this.reductions[r] as Reduction;
    const needsIndex = usesInput(reducer.step, reducer.state.length + 1);
    const inputs = [...state, x, needsIndex ? index() : this.loop.lanes.constant("i32", 0)];
    this.assign(state, this.loop.lanes.run(reducer.step, inputs), lanes);
  }

  /** into ← merge(into, other) */
  merge(r: number, into: State, other: State): void {
    const { reducer } = this.reductions[r] as Reduction;
    this.assign(into, this.loop.lanes.run(reducer.merge, [...into, ...other]), 4);
  }

  private assign(state: State, next: readonly Register[], lanes: number): void {
    const masked =
      lanes === 4
        ? next
        : next.map((register, s) => this.masked(register, state[s] as Register, lanes));
    // A result may be another state's register: move all by way of copies.
    const copies = masked.map((register) => {
      const copy = newRegister(this.loop.f, register.type);
      moveRegister(this.loop.f, copy, register);
      return copy;
    });
    copies.forEach((copy, s) => moveRegister(this.loop.f, state[s] as Register, copy));
  }

  private masked(next: Register, before: Register, lanes: number): Register {
    const mask = realLanes(this.loop, lanes);
    const { type } = next;
    const body: LaneBody = {
      inputs: ["mask", type, type],
      instructions: [{ op: "select", type, to: type, args: [0, 1, 2] }],
      outputs: [3],
    };
    return this.loop.lanes.run(body, [mask, next, before])[0] as Register;
  }

  /** Merges the four lanes of a state into lane 0: (0,1,2,3) with (2,3,0,1), then with (1,0,3,2). */
  mergeLanes(r: number, state: State): void {
    for (const order of [
      [2, 3, 0, 1],
      [1, 0, 3, 2],
    ] as const) {
      this.merge(
        r,
        state,
        state.map((register) => reorderLanes(this.loop.f, register, order)),
      );
    }
  }

  finish(r: number, state: State): Register {
    const { reducer } = this.reductions[r] as Reduction;
    return this.loop.lanes.run(reducer.finish, state)[0] as Register;
  }
}

export const usesInput = (body: LaneBody, at: number): boolean =>
  body.outputs.includes(at) || body.instructions.some(({ args }) => args.includes(at));

/** A mask of the first `lanes` lanes. */
export function realLanes(loop: LoopWriter, lanes: number): Register {
  const { f } = loop;
  const mask = newRegister(f, "mask");
  f.v128(new Uint8Array(Int32Array.from([0, 1, 2, 3], (lane) => (lane < lanes ? -1 : 0)).buffer));
  f.set(mask.parts[0] as Local);
  return mask;
}
