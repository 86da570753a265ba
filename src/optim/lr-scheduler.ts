// torch.optim.lr_scheduler: schedules of the learning rate.

export { ChainedScheduler, SequentialLR } from "./schedulers/combined.ts";
export { CosineAnnealingLR, CosineAnnealingWarmRestarts } from "./schedulers/cosine.ts";
export { CyclicLR } from "./schedulers/cyclic.ts";
export {
  ConstantLR,
  ExponentialLR,
  LinearLR,
  MultiStepLR,
  PolynomialLR,
  StepLR,
} from "./schedulers/decays.ts";
export { LambdaLR, MultiplicativeLR } from "./schedulers/lambdas.ts";
export { OneCycleLR } from "./schedulers/one-cycle.ts";
export { ReduceLROnPlateau } from "./schedulers/plateau.ts";
export { LRScheduler, type SchedulerStateDict } from "./schedulers/scheduler.ts";
