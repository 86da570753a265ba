import { capture, noGrad, type Tensor } from "../../src/index.ts";
import * as nn from "../../src/nn.ts";
import { Adam } from "../../src/optim.ts";

export const hidden = 32;
/** Nobody can say what comes next before so many numbers were heard. */
export const blind = 16;

export function signalModel() {
  const lstm = new nn.LSTM(1, hidden, { batchFirst: true });
  const head = new nn.Linear(hidden, 1);
  const optimizer = new Adam([...lstm.parameters(), ...head.parameters()], { lr: 0.005 });

  const step = capture((past: Tensor, next: Tensor) => {
    optimizer.zeroGrad();
    const { output } = lstm.call(past);
    const seeing = [1, blind, next.size(1) - blind] as const;
    const loss = nn.functional.mseLoss(head.call(output).narrow(...seeing), next.narrow(...seeing));
    void loss.backward();
    void optimizer.step();
    return loss;
  });

  // The next number after each one heard, and the state: given back, the LSTM goes on from there.
  const predict = capture((heard: Tensor, h: Tensor, c: Tensor) =>
    noGrad(() => {
      const { output, hn } = lstm.call(heard, [h, c]);
      return { next: head.call(output), h: hn.h, c: hn.c };
    }),
  );

  return { step, predict };
}
