import { capture, noGrad, type Tensor } from "../../src/index.ts";
import * as nn from "../../src/nn.ts";
import { AdamW } from "../../src/optim.ts";

export function spiralsModel() {
  const network = new nn.Sequential(
    new nn.Linear(2, 64),
    new nn.SiLU(),
    new nn.Linear(64, 64),
    new nn.SiLU(),
    new nn.Linear(64, 3),
  );
  const optimizer = new AdamW(network.parameters(), { lr: 0.01 });

  const step = capture((points: Tensor, arms: Tensor) => {
    optimizer.zeroGrad();
    const loss = nn.functional.crossEntropy(network.call(points), arms);
    void loss.backward();
    void optimizer.step();
    return loss;
  });

  const probabilities = capture((points: Tensor) => noGrad(() => network.call(points).softmax(1)));

  return { step, probabilities };
}
