// The page's side of the command: two names on `window`, one called from outside, one calling back.

import { runBenchmark } from "./benchmark.ts";
import type { Options, Report } from "./contract.ts";

declare global {
  interface Window {
    /** Prints a line of progress where the command was started. */
    say?(text: string): void;
    benchmark?(options: Options): Promise<Report>;
  }
}

window.benchmark = (options) => runBenchmark(options, (text) => window.say?.(text));
