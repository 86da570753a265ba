// `slice(1, null, 2)`: Python's `1::2`, for x.index(…).

export class Slice {
  constructor(
    readonly start: number | null,
    readonly stop: number | null,
    readonly step: number | null,
  ) {}

  /** Whether it takes everything as it is. */
  get isWhole(): boolean {
    return this.start === null && this.stop === null && (this.step ?? 1) === 1;
  }
}

export const slice = (
  start: number | null = null,
  stop: number | null = null,
  step: number | null = null,
): Slice => new Slice(start, stop, step);
