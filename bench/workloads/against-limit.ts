// What a study of many graphs reports: each graph's time against its own limit, and the worst of them.

import type { Study, Timing } from "../contract.ts";

export interface AgainstLimit {
  readonly timing: Timing;
  readonly limitMs: number;
  readonly error: number;
  readonly text: string;
}

export function summarized(
  results: readonly AgainstLimit[],
  { of, tolerance }: { readonly of: string; readonly tolerance: number },
): Omit<Study, "again" | "dispose"> {
  const total = (each: (result: AgainstLimit) => number): number =>
    results.reduce((sum, result) => sum + each(result), 0);
  const ratios = results.map(({ timing, limitMs }) => timing.minMs / limitMs);
  const maxRatio = Math.max(...ratios);
  const worst = results[ratios.indexOf(maxRatio)];
  const wrong = results.filter(({ error }) => !(error <= tolerance));
  return {
    ours: {
      minMs: total(({ timing }) => timing.minMs),
      medianMs: total(({ timing }) => timing.medianMs),
      runs: total(({ timing }) => timing.runs),
      worstError: Math.max(...results.map(({ error }) => error)),
    },
    limitMs: total(({ limitMs }) => limitMs),
    details: {
      maxRatio,
      ...Object.fromEntries(ratios.map((ratio, index) => [`ratio${index}`, ratio])),
    },
    notes: [
      `times are sums over ${results.length} ${of}; worst ${maxRatio.toFixed(2)} × limit: ${worst?.text}`,
    ],
    failures: wrong.map(({ error, text }) => `off by ${error}: ${text}`),
  };
}
