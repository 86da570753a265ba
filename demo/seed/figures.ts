// Figures: what was measured since the settings last changed, as text.

import { memory, stats } from "../../src/index.ts";
import { element } from "../page/elements.ts";
import { bytes, count, median, milliseconds, number } from "../page/quantities.ts";
import { bytesMoved } from "./program.ts";
import type { Settings } from "./session.ts";

/** Passes the minimum and the median are taken of. */
const kept = 200;

export class Figures {
  private times: number[] = [];
  private passes = 0;
  private size = 0;
  private before = stats();

  reset({ size, mode }: Settings): void {
    this.times = [];
    this.passes = 0;
    this.size = size;
    this.before = stats();
    element("figure-memory-name", HTMLElement).textContent =
      mode === "main" ? "memory in use" : "shared memory in use";
  }

  add(time: number): void {
    this.passes++;
    this.times.push(time);
    if (this.times.length > kept) this.times.shift();
  }

  async show(): Promise<void> {
    const { programs, requests, kernels } = stats();
    const [ran, asked] = [programs - this.before.programs, requests - this.before.requests];
    show("passes", count(this.passes));
    show("programs", asked > 0 ? number(ran / asked) : "–", `${count(ran)} in ${count(asked)}`);
    show("kernels", count(kernels));
    this.showTimes();
    const { usedBytes, peakBytes } = await memory();
    show("memory", bytes(usedBytes), `at most ${bytes(peakBytes)}`);
  }

  private showTimes(): void {
    if (this.times.length === 0) {
      show("milliseconds", "–");
      show("rate", "–");
      return;
    }
    const middle = median(this.times);
    const rate = bytesMoved(this.size) / middle / 1e6;
    show(
      "milliseconds",
      milliseconds(middle),
      `median; ${milliseconds(Math.min(...this.times))} at best`,
    );
    show("rate", rate < 0.01 ? "< 0.01 GB/s" : `${number(rate)} GB/s`, "at the median");
  }
}

function show(name: string, value: string, note = ""): void {
  const strong = document.createElement("strong");
  strong.textContent = value;
  const small = document.createElement("small");
  small.textContent = note;
  element(`figure-${name}`, HTMLElement).replaceChildren(strong, small);
}
