// Watchdog: tells when what it samples stays the same too long. It counts looks, not time, so a laptop
// that slept does not wake to a false alarm.

const looks = 10;

export class Watchdog {
  private readonly period: number;
  private readonly sample: () => string;
  private readonly onStall: () => void;
  private timer: ReturnType<typeof setInterval> | null = null;
  private last = "";
  private unchanged = 0;

  constructor(milliseconds: number, sample: () => string, onStall: () => void) {
    this.period = milliseconds / looks;
    this.sample = sample;
    this.onStall = onStall;
  }

  start(): void {
    if (this.timer !== null) return;
    this.last = "";
    this.unchanged = 0;
    this.timer = setInterval(() => this.look(), this.period);
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
  }

  private look(): void {
    const seen = this.sample();
    this.unchanged = seen === this.last ? this.unchanged + 1 : 0;
    this.last = seen;
    if (this.unchanged < looks) return;
    this.stop();
    this.onStall();
  }
}
