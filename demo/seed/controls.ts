// Controls: the form, as settings and wishes.

import { capabilities } from "../../src/index.ts";
import { element } from "../page/elements.ts";
import type { Mode } from "../page/frame-gaps.ts";
import { bytes } from "../page/quantities.ts";
import { bytesOf } from "./program.ts";
import type { Settings } from "./session.ts";

export interface Wishes {
  onSettings(settings: Settings): void;
  onOnce(): void;
  onContinuously(isWanted: boolean): void;
}

export class Controls {
  private readonly form = element("controls", HTMLFormElement);
  private readonly size = element("size", HTMLInputElement);
  private readonly sizeShown = element("size-shown", HTMLOutputElement);
  private readonly workers = element("workers", HTMLSelectElement);
  private readonly once = element("once", HTMLButtonElement);
  private readonly continuously = element("continuously", HTMLButtonElement);

  constructor(wishes: Wishes) {
    this.offerWorkers();
    this.showSize();
    this.showMode();
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.size.addEventListener("input", () => this.showSize());
    this.form.addEventListener("change", () => {
      this.showMode();
      wishes.onSettings(this.settings());
    });
    this.once.addEventListener("click", () => wishes.onOnce());
    this.continuously.addEventListener("click", () => {
      const isWanted = this.continuously.getAttribute("aria-pressed") !== "true";
      this.showContinuous(isWanted);
      wishes.onContinuously(isWanted);
    });
  }

  settings(): Settings {
    const mode = new FormData(this.form).get("mode") === "main" ? "main" : "workers";
    return { size: 2 ** this.size.valueAsNumber, workers: Number(this.workers.value), mode };
  }

  /** Puts settings that came from elsewhere into the form. */
  show({ size, workers, mode }: Settings): void {
    this.size.valueAsNumber = Math.log2(size);
    this.workers.value = String(workers);
    this.modeInput(mode).checked = true;
    this.showSize();
    this.showMode();
  }

  showContinuous(isRunning: boolean): void {
    this.continuously.setAttribute("aria-pressed", String(isRunning));
    this.continuously.textContent = isRunning ? "Stop" : "Run continuously";
    this.once.disabled = isRunning;
  }

  /** While a job has the page, nobody else asks for anything. */
  disable(): void {
    for (const one of this.form.elements) one.toggleAttribute("disabled", true);
  }

  private offerWorkers(): void {
    const { cores, threads } = capabilities();
    for (let workers = 1; workers <= cores; workers++) {
      this.workers.add(new Option(String(workers), String(workers)));
    }
    this.workers.value = String(cores);
    if (threads) return;
    this.modeInput("main").checked = true;
    this.modeInput("workers").disabled = true;
  }

  private modeInput(mode: Mode): HTMLInputElement {
    const input = this.form.querySelector(`input[name="mode"][value="${mode}"]`);
    if (input instanceof HTMLInputElement) return input;
    throw new Error(`page: there is no choice for ${mode}`);
  }

  private showMode(): void {
    this.workers.disabled = this.settings().mode === "main";
  }

  private showSize(): void {
    const { size } = this.settings();
    const text = `${size} × ${size}`;
    this.sizeShown.textContent = `${text}, ${bytes(bytesOf(size))} a tensor`;
    this.size.setAttribute("aria-valuetext", `${size} by ${size}`);
  }
}
