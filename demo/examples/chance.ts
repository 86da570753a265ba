// Chance: random numbers for data, the same ones for the same seed.

export class Chance {
  private state: number;

  constructor(seed: number) {
    this.state = seed * 0x9e3779b1 || 1;
    // The first numbers of small seeds are alike.
    for (let drawn = 0; drawn < 16; drawn++) this.next();
  }

  /** In [0, 1): Marsaglia's xorshift of 32 bits. */
  next(): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) / 2 ** 32;
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** A whole number below `count`. */
  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  /** Normal, by Box and Muller. */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
  }
}
