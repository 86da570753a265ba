// The example `digits`: a network learns from digits that are drawn by rule, and knows yours.

import { manualSeed } from "../../../src/index.ts";
import { digitsModel } from "../../models/digits.ts";
import type { Course, Example, Stage } from "../../training/example.ts";
import { Chance } from "../chance.ts";
import { imageTensor, labelTensor, writtenDigit, writtenDigits } from "./batch.ts";
import { ContactSheet } from "./contact-sheet.ts";
import { DrawingPad } from "./drawing-pad.ts";
import { Guesses, indexOfMost } from "./guesses.ts";
import { drawImage, pixels } from "./image.ts";

const batch = 64;
const shown = 24;
const heldOut = 512;
/** Half of a drawn line's width, in pixels of the image. */
const radius = 1.2;
/** Share of the held-out digits that is to be known. */
const wanted = 0.85;

export const digits: Example = {
  title: "Digits",
  about:
    "A convolutional network learns from digits that are written by rule, no two alike: strokes, " +
    "shaken, turned and bent. Draw one yourself, before, while or after it learns.",
  model: "digits",
  steps: 150,
  lossScale: "logarithmic",
  lookMilliseconds: 350,
  build: (stage) => new DigitsStage(stage),
};

type Model = ReturnType<typeof digitsModel>;

class DigitsStage implements Stage {
  private readonly pad = new DrawingPad(() => void this.guess());
  private readonly guesses = new Guesses();
  private readonly sheet = new ContactSheet();
  private readonly taste = new Chance(5);
  private model: Model | null = null;
  private isGuessing = false;

  constructor(stage: HTMLElement) {
    const board = document.createElement("div");
    board.className = "board";
    const buttons = document.createElement("p");
    buttons.className = "run";
    buttons.append(
      button("Clear", () => this.pad.clear()),
      button("Draw one for me", () => this.drawOne()),
    );
    const held = document.createElement("figure");
    const caption = document.createElement("figcaption");
    caption.textContent =
      "Digits that were not learned from, below them what they are taken for; mistakes in colour.";
    held.append(this.sheet.canvas, caption);
    board.append(this.pad.canvas, this.guesses.root);
    stage.append(board, buttons, held);
    this.drawOne();
  }

  async begin(): Promise<Course> {
    manualSeed(2);
    const model = digitsModel();
    this.model = model;
    const chance = new Chance(20);
    const sheet = writtenDigits(shown, new Chance(30));
    return {
      step: async () => {
        const { images, labels } = writtenDigits(batch, chance);
        const loss = await model.step(imageTensor(images), labelTensor(labels));
        return (await loss.item()) as number;
      },
      look: async () => {
        this.sheet.show(sheet, await guessesFor(model, sheet.images));
        await this.guess();
      },
      check: async () => {
        const unseen = writtenDigits(heldOut, new Chance(40));
        const guessed = await guessesFor(model, unseen.images);
        const right = guessed.filter((guess, at) => guess === unseen.labels[at]).length / heldOut;
        const text = `held-out digits        ${(100 * right).toFixed(1)} % right`;
        return { ok: right >= wanted, text };
      },
    };
  }

  private drawOne(): void {
    this.pad.show(writtenDigit(this.taste.below(10), this.taste));
  }

  /** One guess at a time; what is drawn meanwhile is guessed afterwards. */
  private async guess(): Promise<void> {
    if (!this.model || this.isGuessing) return;
    this.isGuessing = true;
    try {
      let guessed = -1;
      while (guessed !== this.pad.version) {
        guessed = this.pad.version;
        this.guesses.show(await this.probabilities(this.model));
      }
    } finally {
      this.isGuessing = false;
    }
  }

  private async probabilities(model: Model): Promise<ArrayLike<number> | null> {
    const { drawing } = this.pad;
    if (drawing.length === 0) return null;
    const image = new Float32Array(pixels);
    drawImage(image, drawing, radius);
    return (await (await model.probabilities(imageTensor(image))).data()) as Float32Array;
  }
}

async function guessesFor(model: Model, images: Float32Array): Promise<number[]> {
  const probabilities = await (await model.probabilities(imageTensor(images))).data();
  const count = images.length / pixels;
  return Array.from({ length: count }, (_, at) =>
    indexOfMost(probabilities as Float32Array, 10 * at, 10),
  );
}

function button(text: string, press: () => void): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.addEventListener("click", press);
  return made;
}
