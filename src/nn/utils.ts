// torch.nn.utils: what is done with the gradients and parameters of modules, and with sequences.

export {
  clipGradNorm_,
  clipGradsWithNorm_,
  clipGradValue_,
  getTotalNorm,
} from "./utils/clip-gradients.ts";
export * as rnn from "./utils/rnn.ts";
