// The example `text`: a GPT that learns the project's README character by character, and writes on.

import { manualSeed, type Tensor, tensor } from "../../../src/index.ts";
import { textModel, time } from "../../models/text.ts";
import type { Course, Example, Stage } from "../../training/example.ts";
import { Chance } from "../chance.ts";
import { type Batch, Corpus } from "./corpus.ts";
import { Writer } from "./writer.ts";

const rows = 16;
const beginning = "The ";
const sampleLength = 180;
/** Of what a guess by frequency alone loses, the share that may be lost by the end. */
const wanted = 0.85;
const samplesKept = 3;

export const text: Example = {
  title: "Text",
  about:
    "A small GPT reads this project’s README and CONTRIBUTING, 64 characters at a time, and learns to " +
    "say which character comes next. Now and then it writes on by itself: the newest sample is on top.",
  model: "text",
  steps: 200,
  lossScale: "linear",
  lookMilliseconds: 4000,
  build: (stage) => new TextStage(stage),
};

class TextStage implements Stage {
  private readonly corpus = new Corpus();
  private readonly samples = document.createElement("ol");

  constructor(stage: HTMLElement) {
    this.samples.className = "samples";
    stage.append(this.samples);
  }

  async begin(): Promise<Course> {
    manualSeed(3);
    this.samples.replaceChildren();
    const { corpus } = this;
    const model = textModel(corpus.characters.length);
    const writer = new Writer(corpus, model.scores);
    const chance = new Chance(6);
    let steps = 0;
    return {
      step: async () => {
        steps++;
        const loss = await model.step(...tensorsOf(corpus.batch(rows, time, chance)));
        return (await loss.item()) as number;
      },
      look: async () => {
        await this.sample(writer, steps);
      },
      check: async () => {
        const unseen = await model.loss(...tensorsOf(corpus.unseenBatch(rows, time)));
        const [loss, guess] = [(await unseen.item()) as number, corpus.entropy()];
        const sample = await this.sample(writer, steps);
        const text =
          `held-out text          ${loss.toFixed(2)} nats a character; by frequency alone ${guess.toFixed(2)}\n` +
          `a sample               ${JSON.stringify(sample)}`;
        return { ok: loss < wanted * guess, text };
      },
    };
  }

  /** Each sample starts from the same chance, so that only what was learned makes a difference. */
  private sample(writer: Writer, steps: number): Promise<string> {
    const [item, name, written] = ["li", "h3", "pre"].map((kind) => document.createElement(kind));
    if (!item || !name || !written) throw new Error("text: no element could be made");
    name.textContent = steps === 0 ? "before the first step" : `after ${steps} steps`;
    item.append(name, written);
    this.samples.prepend(item);
    while (this.samples.children.length > samplesKept) this.samples.lastElementChild?.remove();
    return writer.write(beginning, {
      length: sampleLength,
      chance: new Chance(7),
      onText: (text) => {
        written.textContent = text;
      },
    });
  }
}

function tensorsOf({ text, next }: Batch): [text: Tensor, next: Tensor] {
  const rowsOf = (numbers: Int32Array): Tensor =>
    tensor(numbers, { dtype: "int64" }).reshape([numbers.length / time, time]);
  return [rowsOf(text), rowsOf(next)];
}
