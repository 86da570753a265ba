// Quantities as a reader wants them: three digits and a unit.

const threeDigits = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

export const count = (value: number): string => whole.format(value);

/** Whole from 100 on, else three digits. */
export const number = (value: number): string =>
  Math.abs(value) >= 100 ? whole.format(value) : threeDigits.format(value);

export const milliseconds = (value: number): string =>
  value < 1 && value > 0 ? `${number(value * 1000)} µs` : `${number(value)} ms`;

/** 1024 to the step, as memory is sold. */
export function bytes(value: number): string {
  const units = ["B", "KB", "MB", "GB"];
  let scaled = value;
  let unit = 0;
  while (scaled >= 1024 && unit < units.length - 1) {
    scaled /= 1024;
    unit++;
  }
  return `${number(scaled)} ${units[unit]}`;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
