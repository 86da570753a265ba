// The first room: the seed program, its controls, and what can be seen of it.

import type { Alive } from "../page/alive.ts";
import { element } from "../page/elements.ts";
import type { Room } from "../page/rooms.ts";
import { TilePicture } from "../page/tile-picture.ts";
import { clearTroubles, showTrouble } from "../page/troubles.ts";
import { Controls } from "./controls.ts";
import { Figures } from "./figures.ts";
import { showBlocks, showCode, showNote } from "./listing.ts";
import { Session, type Settings } from "./session.ts";

/** Figures are read by people: four times a second is plenty. */
const figuresMilliseconds = 250;

export class SeedRoom implements Room {
  readonly title = "The seed program";
  readonly root = element("room-seed", HTMLElement);
  readonly session: Session;
  readonly controls: Controls;
  private readonly figures = new Figures();
  private readonly tiles = new TilePicture(this.root);
  private isStale = false;

  private readonly alive: Alive;

  constructor(alive: Alive) {
    this.alive = alive;
    this.session = new Session({
      onActivity: (activity) => alive.gaps.note(activity),
      onSettings: (settings) => {
        alive.gaps.forget(settings.mode);
        this.begin(settings);
      },
      onPass: (time) => {
        this.figures.add(time);
        this.isStale = true;
      },
      onTrace: (run) => this.tiles.show(run),
      onPrinted: (blocks) => {
        showBlocks(blocks);
        showNote("");
      },
    });
    this.controls = new Controls({
      onSettings: (settings) => void this.try(() => this.apply(settings)),
      onOnce: () => void this.try(() => this.apply(this.controls.settings())),
      onContinuously: (isWanted) => this.continuously(isWanted),
    });
    setInterval(() => void this.showFigures(), figuresMilliseconds);
  }

  /** Applies the settings and runs the program once, so that its result is seen. */
  async enter(): Promise<void> {
    this.alive.gaps.forget("workers");
    showCode(this.controls.settings().size);
    await this.try(() => this.apply(this.controls.settings()));
  }

  async leave(): Promise<void> {
    this.session.stop();
    await this.session.rest();
  }

  private begin({ size }: Settings): void {
    this.figures.reset(this.controls.settings());
    this.isStale = true;
    showCode(size);
    showNote("Running …");
  }

  /** Settings that hold already change nothing, and what failed before is tried again. */
  private async apply(settings: Settings): Promise<void> {
    await this.session.apply(settings);
    await this.session.runOnce();
  }

  private async applyAndGoOn(settings: Settings): Promise<void> {
    await this.session.apply(settings);
    await this.session.runContinuously();
  }

  private continuously(isWanted: boolean): void {
    if (!isWanted) {
      this.session.stop();
      return;
    }
    void this.try(() => this.applyAndGoOn(this.controls.settings())).then(() =>
      this.controls.showContinuous(false),
    );
  }

  /** What goes wrong is shown in the page, and ends a continuous run. */
  private async try(work: () => Promise<unknown>): Promise<void> {
    clearTroubles();
    try {
      await work();
    } catch (error) {
      this.session.stop();
      showNote("");
      showTrouble(error);
    }
  }

  private async showFigures(): Promise<void> {
    if (!this.isStale) return;
    this.isStale = false;
    await this.figures.show();
  }
}
