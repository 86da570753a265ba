// Node's own modules, reached without an import that a browser's bundler would follow, and typed by
// the little that is used of them.

export interface NodeThread {
  postMessage(message: unknown, transfer?: readonly unknown[]): void;
  on(event: string, listener: (value: never) => void): void;
  off(event: string, listener: (value: never) => void): void;
  ref(): void;
  unref(): void;
  terminate(): Promise<number>;
}

export interface NodeThreads {
  readonly Worker: new (url: URL | string, options: object) => NodeThread;
  readonly parentPort: Pick<NodeThread, "postMessage" | "on" | "off"> | null;
}

interface NodeProcess {
  readonly versions?: { readonly node?: string };
  readonly env: Readonly<Record<string, string | undefined>>;
  getBuiltinModule?(name: string): unknown;
}

function nodeProcess(): NodeProcess | null {
  const { process } = globalThis as { process?: NodeProcess };
  return process?.versions?.node === undefined ? null : process;
}

export function isNode(): boolean {
  return nodeProcess() !== null;
}

/** Node's worker_threads; null elsewhere, and before Node 20.16. */
export function nodeThreads(): NodeThreads | null {
  const found = nodeProcess()?.getBuiltinModule?.("node:worker_threads");
  return (found as NodeThreads | undefined) ?? null;
}

/** Cores Node may use; null elsewhere. */
export function nodeCores(): number | null {
  const os = nodeProcess()?.getBuiltinModule?.("node:os");
  return (os as { availableParallelism(): number } | undefined)?.availableParallelism() ?? null;
}

export function nodeVariable(name: string): string | null {
  return nodeProcess()?.env[name] ?? null;
}
