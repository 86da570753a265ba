// shardgrad/optim: what changes parameters by their gradients.
//
// PyTorch's options foreach, fused and capturable choose between ways to the same result. Here there is
// one way: they are taken, checked and change nothing. A differentiable step is refused.

export { Adadelta, type AdadeltaSettings } from "./optim/adadelta.ts";
export { Adafactor, type AdafactorSettings } from "./optim/adafactor.ts";
export { Adagrad, type AdagradSettings } from "./optim/adagrad.ts";
export { Adam, type AdamSettings, AdamW } from "./optim/adam.ts";
export { Adamax, type AdamaxSettings } from "./optim/adamax.ts";
export { ASGD, type ASGDSettings } from "./optim/asgd.ts";
export { LBFGS, type LBFGSSettings } from "./optim/lbfgs.ts";
export * as lrScheduler from "./optim/lr-scheduler.ts";
export { Muon, type MuonSettings } from "./optim/muon.ts";
export { NAdam, type NAdamSettings } from "./optim/nadam.ts";
export { Optimizer } from "./optim/optimizer.ts";
export type { GroupSpec, ParamGroup, Params } from "./optim/parameter-groups.ts";
export { RAdam, type RAdamSettings } from "./optim/radam.ts";
export { RMSprop, type RMSpropSettings } from "./optim/rmsprop.ts";
export { Rprop, type RpropSettings } from "./optim/rprop.ts";
export { SGD, type SGDSettings } from "./optim/sgd.ts";
export type { OptimizerStateDict } from "./optim/state-dict.ts";
