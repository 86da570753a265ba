// Guesses: how likely each digit is, as bars, and the likeliest in words.

export class Guesses {
  readonly root = document.createElement("div");
  private readonly said = document.createElement("output");
  private readonly bars: readonly { bar: HTMLElement; share: HTMLElement }[];

  constructor() {
    this.root.className = "guesses";
    this.said.className = "said";
    const list = document.createElement("ol");
    this.bars = Array.from({ length: 10 }, (_, digit) => {
      const item = document.createElement("li");
      const [name, bar, share] = ["b", "i", "span"].map((kind) => document.createElement(kind)) as [
        HTMLElement,
        HTMLElement,
        HTMLElement,
      ];
      name.textContent = String(digit);
      item.append(name, bar, share);
      list.append(item);
      return { bar, share };
    });
    this.root.append(this.said, list);
    this.show(null);
  }

  /** null where nothing is drawn. */
  show(probabilities: ArrayLike<number> | null): void {
    const likeliest = probabilities ? indexOfMost(probabilities) : -1;
    this.bars.forEach(({ bar, share }, digit) => {
      const likely = probabilities?.[digit] ?? 0;
      bar.style.setProperty("--share", String(likely));
      bar.parentElement?.classList.toggle("likeliest", digit === likeliest);
      share.textContent = probabilities ? percent(likely) : "";
    });
    this.said.textContent = probabilities
      ? `That is a ${likeliest}, I am ${percent(probabilities[likeliest]!)} sure.`
      : "Draw a digit.";
  }
}

const percent = (share: number): string => `${Math.round(100 * share)} %`;

export function indexOfMost(values: ArrayLike<number>, from = 0, count = values.length): number {
  let most = 0;
  for (let at = 1; at < count; at++) if (values[from + at]! > values[from + most]!) most = at;
  return most;
}
