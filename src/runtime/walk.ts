// Walker: the one loop that carries out a run, in a kernel worker and inline alike.
//
//   wait for my turn → per stage: claim a tile → run it → done += 1 … → the last one completes the stage
//
// Nobody is needed: a worker that comes late finds the tiles claimed and goes on. A run that fails
// claims and skips what is left of its stage, so when the first one leaves, nobody is inside a kernel.
import type { TraceEvent } from "./executor.ts";
import type { LoadedProgram } from "./load.ts";
import {
  bytesPerWord,
  control,
  orderWord,
  type RunEnd,
  runState,
  stageCounter,
} from "./protocol.ts";

/**
 * Loads of a word before its reader sleeps, about 0.1 ms. Scar: after 1,000 loads workers slept between
 * the stages of one run, and each sleep and wake costs 11–30 µs.
 */
const spins = 100_000;
/** Sleepers look up this often, in ms, should the one who would wake them be dead. */
const sleepMilliseconds = 100;

export interface WalkedRun {
  readonly program: LoadedProgram;
  /** Byte address of the run's area. */
  readonly address: number;
  readonly sequence: number;
  /** Where events are added, null for no trace. */
  readonly trace: TraceEvent[] | null;
}

export interface WalkerOptions {
  readonly memory: WebAssembly.Memory;
  readonly worker: number;
  /** Byte address of the order words. */
  readonly order: number;
  /** Byte address of this worker's own memory. */
  readonly scratch: number;
  /** ms from this thread's clock to the caller's. */
  readonly clockOffset: number;
}

export class Walker {
  private readonly options: WalkerOptions;
  private readonly order: number;
  private words: Int32Array;
  private run!: WalkedRun;
  /** Word position of the run's area. */
  private base = 0;
  private launch = 0;
  private trap: string | null = null;

  constructor(options: WalkerOptions) {
    this.options = options;
    this.order = options.order / bytesPerWord;
    this.words = new Int32Array(options.memory.buffer);
  }

  /** Walks to the end of the run, sleeping where it must; only for workers. */
  walk(run: WalkedRun): RunEnd {
    this.enter(run);
    const { finished, sleepers } = orderWord;
    if (!this.waitFor(this.order + finished, this.order + sleepers, run.sequence)) {
      return this.end();
    }
    if (run.program.stageCount === 0) this.finish(0);
    const progress = this.base + control.progress;
    let stage = Atomics.load(this.words, progress);
    while (stage < run.program.stageCount) {
      this.runStage(stage, Number.POSITIVE_INFINITY);
      if (!this.waitFor(progress, this.base + control.sleepers, stage + 1)) break;
      stage = Atomics.load(this.words, progress);
    }
    return this.end();
  }

  /** Walks alone, until the run ends or the clock says `until`; null when there is more to do. */
  walkUntil(run: WalkedRun, until: number): RunEnd | null {
    this.enter(run);
    if (run.program.stageCount === 0) this.finish(0);
    const progress = this.base + control.progress;
    let stage = Atomics.load(this.words, progress);
    while (stage < run.program.stageCount) {
      if (!this.runStage(stage, until)) return null;
      stage = Atomics.load(this.words, progress);
    }
    return this.end();
  }

  private enter(run: WalkedRun): void {
    const { buffer } = this.options.memory;
    if (buffer !== this.words.buffer) this.words = new Int32Array(buffer);
    if (run !== this.run) this.trap = null;
    this.run = run;
    this.base = run.address / bytesPerWord;
  }

  /** False when time was up before the tiles were. */
  private runStage(stage: number, until: number): boolean {
    const { words, base } = this;
    const { program } = this.run;
    const tiles = program.tiles[stage]!;
    const counters = base + control.stages + stage * stageCounter.words;
    this.launch = program.first[stage]!;
    while (until === Number.POSITIVE_INFINITY || performance.now() < until) {
      const tile = Atomics.add(words, counters + stageCounter.claimed, 1);
      if (tile >= tiles) return true;
      if (this.isRunning()) this.runTile(stage, tile);
      if (Atomics.add(words, counters + stageCounter.done, 1) === tiles - 1) this.complete(stage);
    }
    return false;
  }

  private runTile(stage: number, tile: number): void {
    try {
      if (this.run.program.isSerial[stage]) this.runSerial(stage);
      else this.runParallel(stage, tile);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const { words, base } = this;
      const state = base + control.state;
      if (Atomics.compareExchange(words, state, runState.running, runState.trapped) === 0) {
        Atomics.store(words, base + control.failedLaunch, this.launch);
        this.trap = message;
      }
    }
  }

  private runParallel(stage: number, tile: number): void {
    const { kernels, units, grain, first, firstTile, cells } = this.run.program;
    const end = first[stage + 1]! - 1;
    // Claims only grow, so the launch of the last tile is where the search begins.
    while (this.launch < end && firstTile[this.launch + 1]! <= tile) this.launch++;
    const { launch } = this;
    const from = (tile - firstTile[launch]!) * grain[launch]!;
    const to = Math.min(from + grain[launch]!, units[launch]!);
    const begin = this.run.trace ? performance.now() : 0;
    kernels[launch]!(this.run.address + cells[launch]!, from, to, this.options.scratch);
    if (this.run.trace) this.record(stage, tile, begin);
  }

  private runSerial(stage: number): void {
    const { kernels, units, first, cells } = this.run.program;
    const end = first[stage + 1]!;
    for (let launch = first[stage]!; launch < end && this.isRunning(); launch++) {
      this.launch = launch;
      const begin = this.run.trace ? performance.now() : 0;
      const address = this.run.address + cells[launch]!;
      kernels[launch]!(address, 0, units[launch]!, this.options.scratch);
      if (this.run.trace) this.record(stage, 0, begin);
    }
  }

  private record(stage: number, tile: number, begin: number): void {
    const { worker, clockOffset } = this.options;
    this.run.trace?.push({
      worker,
      stage,
      tile,
      launch: this.launch,
      begin: begin + clockOffset,
      end: performance.now() + clockOffset,
    });
  }

  private isRunning(): boolean {
    return Atomics.load(this.words, this.base + control.state) === runState.running;
  }

  /** Called once per stage, by whoever did its last tile. */
  private complete(stage: number): void {
    const { stageCount } = this.run.program;
    if (stage + 1 === stageCount || !this.isRunning()) this.finish(stageCount);
    else this.raise(this.base + control.progress, this.base + control.sleepers, stage + 1);
  }

  private finish(stageCount: number): void {
    const { words, base, order } = this;
    Atomics.compareExchange(words, base + control.state, runState.running, runState.done);
    this.raise(base + control.progress, base + control.sleepers, stageCount);
    const finished = (this.run.sequence + 1) | 0;
    this.raise(order + orderWord.finished, order + orderWord.sleepers, finished);
  }

  private raise(word: number, sleepers: number, value: number): void {
    Atomics.store(this.words, word, value);
    if (Atomics.load(this.words, sleepers) > 0) Atomics.notify(this.words, word);
  }

  /** False when the run died and the word will never be raised. */
  private waitFor(word: number, sleepers: number, least: number): boolean {
    const { words } = this;
    for (let spin = 0; spin < spins; spin++) {
      if (((Atomics.load(words, word) - least) | 0) >= 0) return true;
    }
    for (;;) {
      const seen = Atomics.load(words, word);
      if (((seen - least) | 0) >= 0) return true;
      if (Atomics.load(words, this.base + control.state) === runState.died) return false;
      Atomics.add(words, sleepers, 1);
      Atomics.wait(words, word, seen, sleepMilliseconds);
      Atomics.sub(words, sleepers, 1);
    }
  }

  private end(): RunEnd {
    const { words, base, trap } = this;
    const state = Atomics.load(words, base + control.state);
    if (state === runState.done) return { kind: "done" };
    if (state === runState.aborted) return { kind: "aborted" };
    if (state === runState.trapped && trap !== null) {
      const launch = Atomics.load(words, base + control.failedLaunch);
      return { kind: "failed", launch, message: trap };
    }
    return { kind: "left" };
  }
}
