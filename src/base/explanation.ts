// Explanation: what a request will become, told before it runs. Plain data.

export interface KernelExplanation {
  /** How it runs: "map", "rows", "contract" … */
  readonly kind: string;
  /** The ops that were fused in it, in order. */
  readonly ops: readonly string[];
  /** What an error would say: ops and shape. */
  readonly label: string;
  /** Which stage it belongs to: kernels of one stage do not wait for each other. */
  readonly stage: number;
  readonly flops: number;
  /** Bytes of what it reads and writes, each byte counted once. */
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Its values, line by line. */
  readonly code: string;
}

export interface Explanation {
  readonly kernels: readonly KernelExplanation[];
  readonly flops: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Waits of all workers for each other. */
  readonly barriers: number;
  /** Memory for intermediate values. */
  readonly arenaBytes: number;
  /** Memory for the results. */
  readonly outputBytes: number;
  /** What the request needs besides what is there already. */
  readonly peakBytes: number;
}
