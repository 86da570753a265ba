// In-place ops: compute anew, put the result in the storage's place, and carry the history over. A view
// hands it to its base (CopySlices), from which every other view derives its own when it is next used.

import { dtypes } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { sameShape, showShape } from "../base/shapes.ts";
import { mayOverlap, type View } from "../base/views.ts";
import { to } from "../functions/casts.ts";
import { Entry, type Gradient, isRecording, type Value, withRecording } from "../graph/tape.ts";
import { inputVersions, prepare, type Ready } from "./dispatch.ts";
import type { Handle } from "./handle.ts";
import { copySlices } from "./history.ts";
import { moveRetained } from "./hooks.ts";
import type { FunctionRecord } from "./records/record.ts";

/** `target.op_(…)` of a record: its result replaces the target's elements. */
export function callInPlace<T extends Handle>(
  record: FunctionRecord,
  target: T,
  args: readonly unknown[],
): T {
  return changeInPlace(record, target, prepare(record, target, args));
}

/** `f(target, …, { inplace: true })`: what gives the target itself has nothing to change. */
export function changeInPlace<T extends Handle>(
  record: FunctionRecord,
  target: T,
  { form, values, handles }: Ready,
): T {
  const run = form.run as (...values: unknown[]) => Value;
  if (form.window) return changeWindow(record.name, target, { form, values, handles });
  const early = form.mayBeSelf ? run(...values) : null;
  if (early === target.value) return target;
  checkMayChange(record.name, target, handles);
  overwrite(record.name, target, early ?? run(...values), handles);
  return target;
}

/** squeeze_, transpose_ and their like change how the target looks on its elements. */
function changeWindow<T extends Handle>(
  op: string,
  target: T,
  { form, values, handles }: Ready,
): T {
  const windowOf = form.window as (view: View, ...values: unknown[]) => View;
  const window = windowOf(target.window, ...values.slice(1));
  checkHistory(op, target, handles);
  if (target.isLeaf && target.requiresGrad) {
    // Outside of the Tape, as the check has seen: the leaf ends it with another shape.
    target.requiresGrad = false;
    target.reshow(window, null);
    target.requiresGrad = true;
    return target;
  }
  const view = form.run as (...values: unknown[]) => Value;
  const edge = target.requiresGrad ? withRecording(true, () => view(...values)).edge : null;
  target.reshow(window, edge);
  moveRetained(target);
  return target;
}

/** Puts `result`, computed from `handles`, in the place of the target's elements. */
export function overwrite(
  op: string,
  target: Handle,
  result: Value,
  handles: readonly Handle[],
): void {
  const name = `${op}_`;
  if (!sameShape(result.node.shape, target.shape)) {
    fail(
      name,
      `output with shape ${showShape(target.shape)} doesn't match the broadcast shape ` +
        showShape(result.node.shape),
    );
  }
  if (dtypes[result.node.dtype].category > dtypes[target.dtype].category) {
    fail(
      name,
      `result type ${result.node.dtype} can't be cast to the desired output type ${target.dtype}`,
    );
  }
  const fitting = to(result, target.dtype);
  const history = isRecording() ? historyAfter(target, fitting) : null;
  target.store(fitting.node);
  if (history) carryHistory(target, history);
  const entry = fitting.edge?.entry;
  // The old value of the target is kept by the graph itself, so only the others can be changed in place.
  if (entry) {
    const others = inputVersions(handles).filter(({ of }) => of !== target.storage);
    entry.saved = [...others, { of: target.storage, version: target.version, input: -1 }];
  }
}

interface History {
  readonly holder: Handle;
  readonly value: Value;
}

/** Whose edge the change replaces, and by what: a view's base, or the target itself. */
function historyAfter(target: Handle, result: Value): History | null {
  const { base } = target;
  if (!base) return { holder: target, value: result };
  if (!result.edge && !base.requiresGrad) return null;
  return { holder: base, value: copySlices(base, result, target.window) };
}

function carryHistory(target: Handle, { holder, value }: History): void {
  if (holder === target && !target.requiresGrad && !value.edge) return;
  holder.rebase(value.edge);
  moveRetained(holder);
}

/** Refuses what PyTorch refuses; `handles` are all tensors of the call, the target first. */
export function checkMayChange(op: string, target: Handle, handles: readonly Handle[]): void {
  if (mayOverlap(target.window)) {
    fail(
      `${op}_`,
      "unsupported operation: more than one element of the written-to tensor refers to a single " +
        "memory location. Please clone() the tensor before performing the operation.",
    );
  }
  checkHistory(op, target, handles);
}

/** What the Tape forbids. */
function checkHistory(op: string, target: Handle, handles: readonly Handle[]): void {
  if (!isRecording()) return;
  const name = `${op}_`;
  if (target.isLeaf && target.requiresGrad && !target.base) {
    fail(name, "a leaf Variable that requires grad is being used in an in-place operation.");
  }
  if (!handles.some((handle) => handle.requiresGrad)) return;
  const { base, origin } = target;
  if (base?.isLeaf && base.requiresGrad) {
    fail(
      name,
      "a view of a leaf Variable that requires grad is being used in an in-place operation.",
    );
  }
  if (origin !== "single") refuseOrigin(name, target);
}

function refuseOrigin(name: string, { origin }: Handle): never {
  if (origin === "unrecorded") {
    fail(
      name,
      "A view was created in noGrad mode and is being modified inplace with grad mode enabled. " +
        "Given that this use case is ambiguous and error-prone, it is forbidden. Make both the " +
        "view and the change inside noGrad, or both outside.",
    );
  }
  fail(
    name,
    "this view is the output of a function that returns multiple views. Such functions do not " +
      "allow the output views to be modified inplace. Use the out-of-place form instead.",
  );
}

/** An entry of copy_, fill_ and zero_: nothing of the old value passes, all of the new one does. */
export class ReplaceEntry extends Entry {
  /** `zerosLike` makes what the old value's gradient is. */
  constructor(
    name: string,
    target: Value,
    source: Value | null,
    private readonly zerosLike: (g: Value) => Value,
  ) {
    super(name, source ? [target.edge, source.edge] : [target.edge], target.node.looks.alone);
  }

  backward([g]: readonly Gradient[]): readonly Gradient[] {
    if (!g) return this.next.map(() => null);
    return this.next.length === 1 ? [this.zerosLike(g)] : [this.zerosLike(g), g];
  }

  override needs(): boolean {
    return false;
  }
}

/** `source`, as what a target's elements are replaced by. */
export function replacement(
  name: string,
  target: Value,
  source: Value,
  zerosLike: (g: Value) => Value,
): Value {
  if (!isRecording() || (!target.edge && !source.edge)) return { node: source.node, edge: null };
  const entry = new ReplaceEntry(name, target, source.edge ? source : null, zerosLike);
  return { node: source.node, edge: { entry, output: 0 } };
}
