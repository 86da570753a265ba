// The line below the title: whether this page has threads, and if not, what to do.

import { capabilities } from "../../src/index.ts";
import { element } from "./elements.ts";
import { count } from "./quantities.ts";

export function showThreads(): void {
  const { threads, reason, cores } = capabilities();
  const line = element("threads", HTMLElement);
  line.dataset.threads = threads ? "on" : "off";
  line.textContent = threads
    ? `Threads are on: this page is cross-origin isolated, and ${coresText(cores)}.`
    : `Threads are off, so everything runs on the main thread: ${reason}`;
}

const coresText = (cores: number): string =>
  cores === 1 ? "the browser reports one core" : `the browser reports ${count(cores)} cores`;
