// Troubles: every error that reaches the page is shown in it, with what can be done about it.

import { element } from "./elements.ts";

export function showTrouble(error: unknown): void {
  console.error(error);
  const box = element("troubles", HTMLElement);
  const text = error instanceof Error ? error.message : String(error);
  const known = [...box.querySelectorAll("pre")].some(({ textContent }) => textContent === text);
  if (known) return;
  const trouble = document.createElement("div");
  const message = document.createElement("pre");
  message.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "quiet";
  close.textContent = "Dismiss";
  close.addEventListener("click", () => trouble.remove());
  const advice = adviceFor(error);
  trouble.append(message);
  if (advice) {
    const line = document.createElement("p");
    line.textContent = advice;
    trouble.append(line);
  }
  trouble.append(close);
  box.append(trouble);
}

export function clearTroubles(): void {
  element("troubles", HTMLElement).replaceChildren();
}

/** Errors that nobody caught are troubles too. */
export function watchTroubles(): void {
  window.addEventListener("error", ({ error, message }) => showTrouble(error ?? message));
  window.addEventListener("unhandledrejection", ({ reason }) => showTrouble(reason));
}

function adviceFor(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const isMemory = error.name === "OutOfMemoryError" || error instanceof RangeError;
  return isMemory ? "Choose a smaller size, or close other pages, and run again." : null;
}
