// The public names, and only those.

export type { DType, TypedArray } from "./base/dtypes.ts";
export type { Explanation, KernelExplanation } from "./base/explanation.ts";
export { getPrintOptions, type PrintOptions, setPrintOptions } from "./base/printing.ts";
export { Float, float, type Scalar } from "./base/scalars.ts";
export type { EngineOptions } from "./realize/engine.ts";
export { configure, lastProgram, memory, type Stats, stats, traceRuns } from "./realize.ts";
export { capabilities } from "./runtime/capabilities.ts";
export type { BackwardOptions, GradOptions } from "./tensor/backward.ts";
export { broadcastShapes } from "./tensor/broadcast-shapes.ts";
export { type Captured, capture, eachTime, liveNumber } from "./tensor/capture.ts";
export { checkpoint } from "./tensor/checkpoint.ts";
export { allclose, equal, isclose } from "./tensor/compare.ts";
export { CustomFunction as Function, FunctionContext } from "./tensor/custom-function.ts";
export { argwhere, indexPut, maskedSelect, nonzero, where } from "./tensor/data-dependent.ts";
export { installDevtoolsFormatter } from "./tensor/devtools.ts";
export {
  canCast,
  type FloatInfo,
  finfo,
  type IntegerInfo,
  iinfo,
  promoteTypes,
  resultType,
} from "./tensor/dtype-info.ts";
export {
  bfloat16,
  bool,
  float16,
  float32,
  float64,
  half,
  int8,
  int16,
  int32,
  int64,
  uint8,
} from "./tensor/dtype-names.ts";
export { explain } from "./tensor/explain.ts";
export { asTensor, tensor } from "./tensor/from-data.ts";
export * from "./tensor/functions.ts";
export {
  defaultGenerator,
  Generator,
  type GeneratorState,
  getRngState,
  initialSeed,
  manualSeed,
  seed,
  setRngState,
} from "./tensor/generator.ts";
export { backward, grad } from "./tensor/grad.ts";
export { type GradcheckOptions, gradcheck, gradgradcheck } from "./tensor/gradcheck.ts";
export type { GraphNode } from "./tensor/graph-node.ts";
export { RemovableHandle } from "./tensor/hooks.ts";
export { enableGrad, isGradEnabled, noGrad, setGradEnabled } from "./tensor/modes.ts";
export type { NestedList, TensorData } from "./tensor/nested.ts";
export { Slice, slice } from "./tensor/slice.ts";
export {
  asStrided,
  asStridedCopy,
  asStridedScatter,
  emptyStrided,
} from "./tensor/strided-functions.ts";
export { Tensor } from "./tensor/tensor.ts";
