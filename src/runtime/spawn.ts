// spawnWorker: a worker that tells when it is ready and when it dies. Comlink hears neither, so `error`,
// `messageerror` and Node's `exit` are wired here, and a call that the worker cannot answer any more rejects.
import type { Endpoint } from "comlink";
import { fail } from "../base/errors.ts";
import { nodeEndpoint } from "./endpoint.ts";
import { type NodeThread, nodeThreads, nodeVariable } from "./node.ts";
import { readyMessage } from "./protocol.ts";

export type WorkerKind = "kernel" | "compiler";

export interface WorkerLike {
  /** For Comlink's `wrap`. */
  readonly endpoint: Endpoint;
  /** Resolves when the worker listens, rejects when it cannot be loaded. */
  readonly ready: Promise<void>;
  /** What the call resolves to, or a rejection when the worker dies before it answers. */
  answer<T>(call: PromiseLike<T>): Promise<T>;
  /** Called with every message that is no answer to Comlink's. */
  onMessage(listener: (data: unknown) => void): void;
  /** Called once, not after `terminate`. */
  onDeath(listener: (cause: Error) => void): void;
  /** In Node: whether the process has to stay for this worker. */
  keepAlive(isBusy: boolean): void;
  terminate(): Promise<void>;
  /** Whether the worker has surely stopped when `terminate` resolves; a browser does not tell. */
  readonly stopsForSure: boolean;
}

/** `url`, a module of the same origin, takes the place of the library's own worker file. */
export function spawnWorker(kind: WorkerKind, url?: string | URL): WorkerLike {
  if (typeof Worker === "function") return webWorker(kind, url);
  if (nodeThreads()) return nodeWorker(kind, url);
  fail("worker", "this host has no Worker, and no node:worker_threads (Node 20.16 or newer)");
}

function webWorker(kind: WorkerKind, url: string | URL | undefined): WorkerLike {
  const life = new Life(`the ${kind} worker`);
  const worker = url === undefined ? ownWebWorker(kind) : customWebWorker(url);
  worker.addEventListener("message", ({ data }) => life.onMessage(data));
  worker.addEventListener("messageerror", () => life.die("a message could not be read"));
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    life.die(event.message || "its file could not be loaded; serve it from the page's own origin");
  });
  const terminate = async () => worker.terminate();
  return life.asWorker(worker, { terminate, keepAlive: () => undefined, stopsForSure: false });
}

/** Written out, because bundlers look for just these words. */
function ownWebWorker(kind: WorkerKind): Worker {
  if (kind === "kernel") {
    return new Worker(new URL("../../workers/kernel-worker.ts", import.meta.url), {
      type: "module",
    });
  }
  return new Worker(new URL("../../workers/compiler-worker.ts", import.meta.url), {
    type: "module",
  });
}

/** Reflected, so that no bundler takes the address for one it has to follow. */
function customWebWorker(url: string | URL): Worker {
  return Reflect.construct(Worker, [url, { type: "module" }]);
}

function nodeWorker(kind: WorkerKind, url: string | URL | undefined): WorkerLike {
  const life = new Life(`the ${kind} worker`);
  const thread = url === undefined ? ownNodeWorker(kind) : customNodeWorker(url);
  thread.on("message", (data) => life.onMessage(data));
  thread.on("messageerror", (error: Error) => life.die(error.message, error));
  thread.on("error", (error: Error) => life.die(error.message, error));
  thread.on("exit", (code) => life.die(`it exited with code ${code}`));
  return life.asWorker(nodeEndpoint(thread), {
    terminate: async () => void (await thread.terminate()),
    keepAlive: (isBusy) => (isBusy ? thread.ref() : thread.unref()),
    stopsForSure: true,
  });
}

/** Unbundled TypeScript has no worker file Node could load: a folder of built ones stands in. */
const builtWorkersVariable = "SHARDGRAD_WORKERS";

/** The class is named as the web's, so that a bundler treats both ways to the file alike. */
function ownNodeWorker(kind: WorkerKind): NodeThread {
  const folder = nodeVariable(builtWorkersVariable);
  if (folder !== null) return customNodeWorker(`${folder}/${kind}-worker.mjs`);
  const Worker = nodeThreads()!.Worker;
  if (kind === "kernel") {
    return new Worker(new URL("../../workers/kernel-worker.ts", import.meta.url), {
      type: "module",
    });
  }
  return new Worker(new URL("../../workers/compiler-worker.ts", import.meta.url), {
    type: "module",
  });
}

function customNodeWorker(url: string | URL): NodeThread {
  const Thread = nodeThreads()!.Worker;
  const isFileUrl = typeof url === "string" && url.startsWith("file:");
  return new Thread(isFileUrl ? new URL(url) : url, {});
}

type Handle = Pick<WorkerLike, "terminate" | "keepAlive" | "stopsForSure">;

/** From spawn to the one end: what waits for the worker, and who is told. */
class Life {
  readonly ready: Promise<void>;
  private readonly name: string;
  private readonly waiting = new Set<(cause: Error) => void>();
  private readonly listeners: ((cause: Error) => void)[] = [];
  private readonly messageListeners: ((data: unknown) => void)[] = [];
  private cause: Error | null = null;
  private setReady!: () => void;

  constructor(name: string) {
    this.name = name;
    this.ready = this.answer(
      new Promise<void>((resolve) => {
        this.setReady = resolve;
      }),
    );
    // Who does not wait for readiness hears of a death by `onDeath`.
    this.ready.catch(() => undefined);
  }

  onMessage(data: unknown): void {
    if (data === readyMessage) this.setReady();
    else for (const listener of this.messageListeners) listener(data);
  }

  die(text: string, cause?: unknown): void {
    if (this.end(new Error(`${this.name} died: ${text}`, { cause }))) {
      for (const listener of this.listeners) listener(this.cause!);
    }
  }

  answer<T>(call: PromiseLike<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.cause) return reject(this.cause);
      this.waiting.add(reject);
      call.then(
        (value) => {
          this.waiting.delete(reject);
          resolve(value);
        },
        (error) => {
          this.waiting.delete(reject);
          reject(error);
        },
      );
    });
  }

  asWorker(endpoint: Endpoint, handle: Handle): WorkerLike {
    return {
      endpoint,
      ready: this.ready,
      answer: (call) => this.answer(call),
      onMessage: (listener) => this.messageListeners.push(listener),
      onDeath: (listener) => this.listeners.push(listener),
      keepAlive: (isBusy) => handle.keepAlive(isBusy),
      stopsForSure: handle.stopsForSure,
      terminate: () => {
        this.end(new Error(`${this.name} was terminated`));
        return handle.terminate();
      },
    };
  }

  /** False when it had ended before. */
  private end(cause: Error): boolean {
    if (this.cause) return false;
    this.cause = cause;
    for (const reject of this.waiting) reject(cause);
    this.waiting.clear();
    return true;
  }
}
