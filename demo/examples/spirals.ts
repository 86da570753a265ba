// The example `spirals`: points on three arms, and the surface of what the network takes each place for.

import { manualSeed, type Tensor, tensor } from "../../src/index.ts";
import { spiralsModel } from "../models/spirals.ts";
import { cleared, inks, onSchemeChange } from "../page/surface.ts";
import type { Course, Example, Stage } from "../training/example.ts";
import { Chance } from "./chance.ts";
import { rgb } from "./colours.ts";

const arms = 3;
const perArm = 120;
const turns = 1.35;
/** Places asked for along each side, and the side's length: the plane is [-1.2, 1.2]². */
const grid = 96;
const reach = 1.2;
/** Share of the held-out points that is to be told apart. */
const wanted = 0.9;

interface Points {
  readonly places: Float32Array;
  readonly arms: Int32Array;
}

export const spirals: Example = {
  title: "Spirals",
  about:
    "A multilayer perceptron tells three arms of a spiral apart. The colour of a place is what the " +
    "network takes it for, the stronger the surer: watch straight borders bend around the points.",
  model: "spirals",
  steps: 300,
  lossScale: "logarithmic",
  lookMilliseconds: 100,
  build: (stage) => new SpiralsStage(stage),
};

class SpiralsStage implements Stage {
  private readonly canvas = document.createElement("canvas");
  private readonly surface = new OffscreenCanvas(grid, grid);
  private readonly points = sampled(1);
  private probabilities: ArrayLike<number> | null = null;

  constructor(stage: HTMLElement) {
    this.canvas.className = "plane";
    this.canvas.role = "img";
    this.canvas.ariaLabel =
      "Points on three spiral arms over the surface of the network's decisions.";
    stage.append(this.canvas);
    onSchemeChange(() => this.draw());
    new ResizeObserver(() => requestAnimationFrame(() => this.draw())).observe(this.canvas);
  }

  async begin(): Promise<Course> {
    manualSeed(1);
    const { step, probabilities } = spiralsModel();
    const [places, labels] = tensorsOf(this.points);
    const everywhere = tensor(gridPlaces()).reshape([grid * grid, 2]);
    await Promise.all([places, labels, everywhere].map((one) => one.realize()));
    return {
      step: async () => (await (await step(places, labels)).item()) as number,
      look: async () => {
        this.probabilities = (await (await probabilities(everywhere)).data()) as Float32Array;
        this.draw();
      },
      check: async () => {
        const unseen = sampled(2);
        const guessed = (await probabilities(tensorsOf(unseen)[0])).argmax(1);
        const share = shareRight(await guessed.data(), unseen.arms);
        const text = `held-out points       ${(100 * share).toFixed(1)} % right`;
        return { ok: share >= wanted, text };
      },
    };
  }

  private draw(): void {
    const surface = cleared(this.canvas);
    if (!surface) return;
    const { context, width, height } = surface;
    const { kernels, ink } = inks();
    if (this.probabilities) {
      this.paint(this.probabilities, kernels);
      context.imageSmoothingEnabled = true;
      context.drawImage(this.surface, 0, 0, width, height);
    }
    const { places, arms } = this.points;
    const radius = Math.max(2, width / 150);
    arms.forEach((arm, at) => {
      const x = ((places[2 * at]! + reach) / (2 * reach)) * width;
      const y = ((places[2 * at + 1]! + reach) / (2 * reach)) * height;
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.fillStyle = kernels[arm]!;
      context.strokeStyle = ink;
      context.lineWidth = 0.75;
      context.fill();
      context.stroke();
    });
  }

  /** Each place in the mixed colours of the arms, the more opaque the surer. */
  private paint(probabilities: ArrayLike<number>, kernels: readonly string[]): void {
    const context = this.surface.getContext("2d");
    if (!context) return;
    const colours = kernels.slice(0, arms).map(rgb);
    const image = context.createImageData(grid, grid);
    for (let at = 0; at < grid * grid; at++) {
      let surest = 0;
      for (let arm = 0; arm < arms; arm++) {
        const share = probabilities[arms * at + arm]!;
        surest = Math.max(surest, share);
        colours[arm]!.forEach((part, channel) => {
          image.data[4 * at + channel]! += share * part;
        });
      }
      image.data[4 * at + 3] = 40 + 120 * ((surest - 1 / arms) / (1 - 1 / arms));
    }
    context.putImageData(image, 0, 0);
  }
}

function sampled(seed: number): Points {
  const chance = new Chance(seed);
  const places = new Float32Array(2 * arms * perArm);
  const labels = new Int32Array(arms * perArm);
  labels.forEach((_, at) => {
    const arm = at % arms;
    const way = 0.04 + 0.96 * chance.next();
    const angle = 2 * Math.PI * (arm / arms + turns * way) + 0.11 * chance.normal();
    places[2 * at] = way * Math.cos(angle);
    places[2 * at + 1] = way * Math.sin(angle);
    labels[at] = arm;
  });
  return { places, arms: labels };
}

function tensorsOf({ places, arms }: Points): [places: Tensor, arms: Tensor] {
  return [tensor(places).reshape([arms.length, 2]), tensor(arms, { dtype: "int64" })];
}

function gridPlaces(): Float32Array {
  const along = (at: number): number => (((at + 0.5) / grid) * 2 - 1) * reach;
  return Float32Array.from({ length: 2 * grid * grid }, (_, at) => {
    const place = at >> 1;
    return along(at % 2 === 0 ? place % grid : Math.floor(place / grid));
  });
}

function shareRight(guessed: ArrayLike<number>, right: Int32Array): number {
  return right.filter((arm, at) => guessed[at] === arm).length / right.length;
}
