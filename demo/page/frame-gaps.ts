// FrameGaps: how long the page waited for each frame, and what ran meanwhile.
//
//   frame      frame            frame      a gap ends at `end`, and is charged to what ran in it,
//     |– gap –|––––– gap ––––––|           even if that was over before the frame came

export type Mode = "workers" | "main";
export type Activity = Mode | "idle";

export interface Gap {
  readonly end: number;
  readonly milliseconds: number;
  readonly activity: Activity;
}

export interface GapSummary {
  readonly longest: number;
  readonly frames: number;
  /** Frames that a page at rest would have shown besides. */
  readonly missed: number;
}

/** Gaps kept for each mode: ten seconds at 60 Hz. */
const kept = 600;
/** A page at rest: gaps that tell how fast this screen is. */
const restingFrames = 30;
const usualMilliseconds = 1000 / 60;

export class FrameGaps {
  readonly recent: Gap[] = [];
  private readonly ofMode: Record<Mode, Gap[]> = { workers: [], main: [] };
  private readonly resting: number[] = [];
  private activity: Activity = "idle";
  /** What ran since the last frame. */
  private charged: Activity = "idle";
  private last: number | null = null;

  note(activity: Activity): void {
    this.activity = activity;
    if (activity !== "idle") this.charged = activity;
  }

  frame(now: number): void {
    if (this.last !== null) {
      this.add({ end: now, milliseconds: now - this.last, activity: this.charged });
    }
    this.last = now;
    this.charged = this.activity;
  }

  /** What follows is no gap of the page: it was hidden, or is about to be measured anew. */
  interrupt(): void {
    this.last = null;
  }

  forget(mode: Mode): void {
    this.ofMode[mode] = [];
  }

  /** null before anything ran in this mode. */
  summary(mode: Mode): GapSummary | null {
    const gaps = this.ofMode[mode];
    if (gaps.length === 0) return null;
    const interval = this.interval();
    let longest = 0;
    let missed = 0;
    for (const { milliseconds } of gaps) {
      longest = Math.max(longest, milliseconds);
      missed += Math.max(0, Math.round(milliseconds / interval) - 1);
    }
    return { longest, frames: gaps.length, missed };
  }

  /** Of the gaps that began after `begin`; 0 when there is none. */
  longestSince(begin: number): number {
    const since = this.recent.filter(({ end, milliseconds }) => end - milliseconds >= begin);
    return Math.max(0, ...since.map(({ milliseconds }) => milliseconds));
  }

  private interval(): number {
    if (this.resting.length < restingFrames) return usualMilliseconds;
    return this.resting.toSorted((a, b) => a - b)[restingFrames >> 1]!;
  }

  private add(gap: Gap): void {
    this.recent.push(gap);
    if (this.recent.length > kept) this.recent.shift();
    if (gap.activity === "idle") {
      this.resting.push(gap.milliseconds);
      if (this.resting.length > restingFrames) this.resting.shift();
      return;
    }
    const ofMode = this.ofMode[gap.activity];
    ofMode.push(gap);
    if (ofMode.length > kept) ofMode.shift();
  }
}
