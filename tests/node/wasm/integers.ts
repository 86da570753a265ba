/** What the integer instructions compute, said once for all widths. */
export function clamp(x: number, low: number, high: number): number {
  return Math.min(Math.max(x, low), high);
}

export const signed8 = (x: number) => clamp(x, -128, 127);
export const unsigned8 = (x: number) => clamp(x, 0, 255);
export const signed16 = (x: number) => clamp(x, -32768, 32767);
export const unsigned16 = (x: number) => clamp(x, 0, 65535);

/** Toward zero, then clamped; NaN is 0. */
export function saturated(low: number, high: number): (x: number) => number {
  return (x) => (Number.isNaN(x) ? 0 : clamp(Math.trunc(x), low, high));
}

export const signed32 = saturated(-(2 ** 31), 2 ** 31 - 1);
export const unsigned32 = saturated(0, 2 ** 32 - 1);

export function saturated64(low: bigint, high: bigint): (x: number) => bigint {
  return (x) => {
    if (Number.isNaN(x)) return 0n;
    if (x >= Number(high)) return high;
    if (x <= Number(low)) return low;
    return BigInt(Math.trunc(x));
  };
}

export function ones(x: number | bigint): number {
  return x.toString(2).replaceAll("0", "").length;
}

/** To the nearest integer, ties to even. */
export function nearest(x: number): number {
  const floor = Math.floor(x);
  const isTie = x - floor === 0.5;
  const whole = isTie ? floor + (Math.abs(floor) % 2) : Math.round(x);
  return whole === 0 && (x < 0 || Object.is(x, -0)) ? -0 : whole;
}

/** The first unless the second is truly less: also for NaN and zeros of both signs. */
export function pseudoMin(x: number, y: number): number {
  const isLess = y < x;
  return isLess ? y : x;
}

export function pseudoMax(x: number, y: number): number {
  const isMore = x < y;
  return isMore ? y : x;
}
