import { capture, noGrad, type Tensor } from "../../src/index.ts";
import * as nn from "../../src/nn.ts";
import { AdamW } from "../../src/optim.ts";

export function digitsModel() {
  const network = new nn.Sequential(
    new nn.Conv2d(1, 16, 3, { padding: 1 }), // 28 × 28
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(16, 32, 3, { padding: 1 }), // 14 × 14
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(), // 32 × 7 × 7
    new nn.Linear(1568, 64),
    new nn.ReLU(),
    new nn.Linear(64, 10),
  );
  const optimizer = new AdamW(network.parameters(), { lr: 0.002 });

  const step = capture((images: Tensor, labels: Tensor) => {
    optimizer.zeroGrad();
    const loss = nn.functional.crossEntropy(network.call(images), labels);
    void loss.backward();
    void optimizer.step();
    return loss;
  });

  const probabilities = capture((images: Tensor) => noGrad(() => network.call(images).softmax(1)));

  return { step, probabilities };
}
