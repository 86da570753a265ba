// torch.nn.utils: what is done with the gradients and parameters of modules.

export {
  clipGradNorm_,
  clipGradsWithNorm_,
  clipGradValue_,
  getTotalNorm,
} from "./utils/clip-gradients.ts";
