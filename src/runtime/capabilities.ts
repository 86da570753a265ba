// capabilities: whether this host can run kernels on threads, and if not, why, in words to act on.
import { isNode, nodeCores, nodeThreads } from "./node.ts";

export interface Capabilities {
  /** Shared memory can be handed to workers. */
  readonly threads: boolean;
  /** The page is cross-origin isolated; true in hosts that need no isolation. */
  readonly isolated: boolean;
  /** Why threads are off; null when they are on. */
  readonly reason: string | null;
  readonly cores: number;
  readonly node: boolean;
}

const headers = [
  "Cross-Origin-Opener-Policy: same-origin",
  "Cross-Origin-Embedder-Policy: require-corp",
];

export function capabilities(): Capabilities {
  const { crossOriginIsolated } = globalThis as { crossOriginIsolated?: boolean };
  // Hosts outside browsers share memory freely and do not know the word.
  const isolated = crossOriginIsolated ?? typeof SharedArrayBuffer === "function";
  const reason = reasonAgainstThreads(isolated);
  return { threads: reason === null, isolated, reason, cores: cores(), node: isNode() };
}

function cores(): number {
  const { navigator } = globalThis as { navigator?: { hardwareConcurrency?: number } };
  return navigator?.hardwareConcurrency ?? nodeCores() ?? 1;
}

function reasonAgainstThreads(isolated: boolean): string | null {
  const { isSecureContext } = globalThis as { isSecureContext?: boolean };
  if (isSecureContext === false) {
    return "the page is not a secure context: serve it over https, or from localhost";
  }
  if (!isolated) {
    return `the page is not cross-origin isolated: send it, and its workers' files, with the headers
${headers.join("\n")}`;
  }
  if (typeof SharedArrayBuffer !== "function") return "this host has no SharedArrayBuffer";
  if (typeof Worker !== "function" && !nodeThreads()) {
    if (isNode()) return "this Node gives no access to worker_threads: use 20.16 or newer";
    return "no Worker can be made here: this host has none, or not inside other workers";
  }
  return sharedMemoryReason();
}

function sharedMemoryReason(): string | null {
  try {
    new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    return null;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return `this host makes no shared WebAssembly.Memory: ${text}`;
  }
}
