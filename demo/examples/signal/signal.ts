// The example `signal`: an LSTM hears a wave, learns to say the next number, and goes on by itself.

import { cat, manualSeed, type Tensor, tensor, zeros } from "../../../src/index.ts";
import { blind, hidden, signalModel } from "../../models/signal.ts";
import type { Course, Example, Stage } from "../../training/example.ts";
import { Chance } from "../chance.ts";
import { waveFrom } from "./wave.ts";
import { WavePicture } from "./wave-picture.ts";

const rows = 16;
/** What is learned from is heard through noise: so it learns to bear with its own small errors. */
const noise = 0.03;
const time = 48;
/** Windows to learn from begin before this; what comes later is held out. */
const learned = 4000;
const unseen = 10_000;
const heardLength = 60;
const foretoldLength = 90;
/** Of the error of saying the last number again, the share that is allowed by the end. */
const wanted = 0.25;

export const signal: Example = {
  title: "Signal",
  about:
    "An LSTM hears a signal that never repeats itself and learns to say its next number. Right of the " +
    "line it goes on by itself, hearing only what it said; the thin line is how the signal really went on.",
  model: "signal",
  steps: 500,
  lossScale: "logarithmic",
  lookMilliseconds: 800,
  build: (stage) => new SignalStage(stage),
};

type Model = ReturnType<typeof signalModel>;

class SignalStage implements Stage {
  private readonly picture = new WavePicture();

  constructor(stage: HTMLElement) {
    stage.append(this.picture.canvas);
  }

  async begin(): Promise<Course> {
    manualSeed(4);
    const model = signalModel();
    const chance = new Chance(8);
    const heard = waveFrom(unseen, heardLength);
    const came = waveFrom(unseen + heardLength, foretoldLength);
    return {
      step: async () => {
        const begins = Array.from({ length: rows }, () => chance.below(learned));
        const loss = await model.step(
          noisy(begins, chance),
          windows(begins.map((begin) => begin + 1)),
        );
        return (await loss.item()) as number;
      },
      look: async () => {
        this.picture.show({ heard, came, foretold: await goOn(model, heard) });
      },
      check: async () => {
        const begins = Array.from({ length: rows }, (_, row) => 2 * unseen + 61 * row);
        const past = windows(begins);
        const next = windows(begins.map((begin) => begin + 1));
        const { next: said } = await model.predict(past, ...freshState(rows));
        const error = await rootMeanSquare(said.sub(next));
        const repeated = await rootMeanSquare(past.sub(next));
        const alone = await goOn(model, heard);
        const own = Math.sqrt(
          alone.reduce((sum, y, at) => sum + (y - came[at]!) ** 2, 0) / alone.length,
        );
        const text =
          `next number            off by ${error.toFixed(4)} (rms); the last one again, by ${repeated.toFixed(4)}\n` +
          `${foretoldLength} numbers by itself   off by ${own.toFixed(3)}`;
        return { ok: error < wanted * repeated, text };
      },
    };
  }
}

/** Each number said is heard next; nothing is read before the last one. */
async function goOn(model: Model, heard: Float32Array): Promise<Float32Array> {
  let { next, h, c } = await model.predict(
    tensor(heard).reshape([1, heard.length, 1]),
    ...freshState(1),
  );
  let last = next.narrow(1, heard.length - 1, 1);
  const said = [last];
  while (said.length < foretoldLength) {
    ({ next, h, c } = await model.predict(last, h, c));
    last = next;
    said.push(last);
  }
  return (await cat(said, 1).data()) as Float32Array;
}

const freshState = (rows: number): [h: Tensor, c: Tensor] => [
  zeros([1, rows, hidden]),
  zeros([1, rows, hidden]),
];

function windows(begins: readonly number[]): Tensor {
  const values = new Float32Array(begins.length * time);
  begins.forEach((begin, row) => values.set(waveFrom(begin, time), row * time));
  return tensor(values).reshape([begins.length, time, 1]);
}

function noisy(begins: readonly number[], chance: Chance): Tensor {
  const heard = Float32Array.from({ length: begins.length * time }, () => noise * chance.normal());
  return windows(begins).add(tensor(heard).reshape([begins.length, time, 1]));
}

const rootMeanSquare = async (error: Tensor): Promise<number> =>
  Math.sqrt(
    (await error
      .narrow(1, blind, time - blind)
      .square()
      .mean()
      .item()) as number,
  );
