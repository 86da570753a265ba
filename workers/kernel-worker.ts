// The kernel worker: walks programs on the shared memory. It spins and sleeps only inside a run; between
// runs it is in its event loop and costs nothing.
import { transfer } from "comlink";
import { invariant } from "../src/base/errors.ts";
import { scratchBytes } from "../src/base/program.ts";
import { exposeWorker, listenInWorker } from "../src/runtime/endpoint.ts";
import type { TraceEvent } from "../src/runtime/executor.ts";
import { Loader } from "../src/runtime/load.ts";
import {
  type AnswerMessage,
  isRunMessage,
  type KernelWorker,
  type RunAnswer,
  type RunRequest,
  runTag,
  type Setup,
} from "../src/runtime/protocol.ts";
import { Walker } from "../src/runtime/walk.ts";

const pageBytes = 4096;

class Kernels implements KernelWorker {
  private memory!: WebAssembly.Memory;
  private loader!: Loader;
  private walker!: Walker;

  init({ memory, worker, order, scratch, timeOrigin }: Setup): void {
    const clockOffset = performance.timeOrigin - timeOrigin;
    this.memory = memory;
    this.loader = new Loader(memory);
    const own = scratch + worker * scratchBytes;
    this.walker = new Walker({ memory, worker, order, scratch: own, clockOffset });
  }

  run(request: RunRequest): RunAnswer {
    for (const id of request.forget) this.loader.forget(id);
    if (request.load) this.loader.load(request.load);
    const program = this.loader.get(request.program);
    invariant(program, `kernel worker: program ${request.program} was never loaded`);
    const events: TraceEvent[] = [];
    const { address, sequence } = request;
    const end = this.walker.walk({
      program,
      address,
      sequence,
      trace: request.trace ? events : null,
    });
    return { end, trace: events };
  }

  copyOut(address: number, bytes: number): ArrayBuffer {
    const copy = new Uint8Array(bytes);
    copy.set(new Uint8Array(this.memory.buffer, address, bytes));
    return transfer(copy.buffer, [copy.buffer]);
  }

  touch(address: number, bytes: number): void {
    const words = new Int32Array(this.memory.buffer);
    // x | 0 = x: the page is written, its contents are not, whoever else works on it.
    for (let byte = address - (address % pageBytes); byte < address + bytes; byte += pageBytes) {
      Atomics.or(words, byte >>> 2, 0);
    }
  }
}

const kernels = new Kernels();

const answer = listenInWorker((data) => {
  if (!isRunMessage(data)) return;
  const [, number, request] = data;
  const own = kernels.run(request);
  const isPlain = own.end.kind === "done" && own.trace.length === 0;
  answer((isPlain ? number : [runTag, number, own]) satisfies AnswerMessage);
});

exposeWorker(kernels);
