// Statements with effects: changes in place, on bases and on views, and requests in the middle.

import { applyUnary, mapped, unaries } from "./arithmetic.ts";
import type { Builder } from "./builder.ts";
import {
  binaryModel,
  clamped,
  isFloatModel,
  isNumeric,
  type Make,
  numbers,
  rightArg,
  rightFor,
  unaryModel,
} from "./compute.ts";
import {
  broadcast,
  cast,
  categoryOf,
  contiguous,
  expanded,
  filledBy,
  isOverlapping,
  type Model,
  sizeOf,
  write,
} from "./model.ts";
import { Ref } from "./program.ts";

const mayChange = (x: Model): boolean => !isOverlapping(x);

/** Writes a result of the target's shape and no higher category, or does nothing. */
function change(
  b: Builder,
  id: number,
  result: Model | null,
  call: { name: string; args: readonly (number | Ref)[] },
) {
  const target = b.model(id);
  if (!result || String(result.shape) !== String(target.shape)) return;
  if (categoryOf(result.storage.dtype) > categoryOf(target.storage.dtype)) return;
  write(target, cast(contiguous(result), target.storage.dtype));
  b.effect({ on: id, ...call });
}

const binaryInPlace: Make = (b, draw) => {
  const names = ["add", "mul", "sub", "div", "remainder"];
  const name = draw.of(b.isDifferentiated ? names.slice(0, 3) : names);
  const id = b.some(draw, (x) => mayChange(x) && isNumeric(x));
  const x = b.model(id);
  const right = rightFor(b, draw, x, true);
  const y = typeof right === "number" ? right : b.model(right.id);
  const result = mayChange(x) ? binaryModel(name, x, y) : null;
  change(b, id, result, { name: `${name}_`, args: [rightArg(right) as number | Ref] });
};

const unaryInPlace: Make = (b, draw) => {
  const names = ["neg", "relu", "abs", "square", "tanh", "exp", "sqrt", "floor", "logicalNot"];
  const name = draw.of(b.isDifferentiated ? names.slice(0, 6) : names);
  const id = b.some(draw, (x) => mayChange(x) && isNumeric(x));
  const x = b.model(id);
  if (!mayChange(x)) return;
  // Refused where an integer would have to hold a fraction.
  if (!isFloatModel(x) && !unaries[name].keepsIntegers) return;
  change(b, id, unaryModel(name, x), { name: `${name}_`, args: [] });
};

const fill: Make = (b, draw) => {
  const id = b.some(draw, mayChange);
  const x = b.model(id);
  if (!mayChange(x)) return;
  const value = draw.of([0, 1, 3, -2]);
  const filled = filledBy(x.storage.dtype, x.shape, () => [value, 0]);
  if (value === 0) change(b, id, filled, { name: "zero_", args: [] });
  else change(b, id, filled, { name: "fill_", args: [value] });
};

const copy: Make = (b, draw) => {
  const id = b.some(draw, mayChange);
  const x = b.model(id);
  if (!mayChange(x)) return;
  const fits = (y: Model): boolean => String(broadcast(x.shape, y.shape)) === String(x.shape);
  const from = b.pick(draw, (y, other) => other !== id && fits(y)) ?? b.leaf(draw, x.shape);
  const source = cast(contiguous(expanded(b.model(from), x.shape)), x.storage.dtype);
  change(b, id, source, { name: "copy_", args: [new Ref(from)] });
};

const clampInPlace: Make = (b, draw) => {
  const id = b.some(draw, (x) => mayChange(x) && isFloatModel(x));
  const x = b.model(id);
  if (!mayChange(x) || !isFloatModel(x)) return;
  change(b, id, clamped(x, -1, 2), { name: "clamp_", args: [-1, 2] });
};

const maskedFill: Make = (b, draw) => {
  const id = b.some(draw, (x) => mayChange(x) && isNumeric(x));
  const x = b.model(id);
  const mask = b.pick(
    draw,
    (m) => m.storage.dtype === "bool" && String(broadcast(m.shape, x.shape)) === String(x.shape),
  );
  if (mask === null || !mayChange(x)) return;
  const value = draw.of([3, -1]);
  const result = mapped(
    x.storage.dtype,
    x.shape,
    [x, expanded(b.model(mask), x.shape)],
    (item, m) => (m[1] > 0 ? [0, Infinity] : m[0] !== 0 ? [value, 0] : item),
  );
  change(b, id, result, { name: "maskedFill_", args: [new Ref(mask), value] });
};

/** x[part] op= value: a change through a view that lives no longer than the statement. */
const throughView: Make = (b, draw) => {
  const id = b.some(draw, (x) => mayChange(x) && isFloatModel(x) && x.shape.length > 0);
  const x = b.model(id);
  if (!mayChange(x) || !isFloatModel(x) || x.shape.length === 0 || x.shape[0] < 2) return;
  const start = draw.below(x.shape[0] - 1);
  const layout = {
    ...x,
    shape: [x.shape[0] - start - 1, ...x.shape.slice(1)],
    offset: x.offset + x.strides[0] * (start + 1),
  };
  const part = b.view(id, layout, "narrow", [0, start + 1, layout.shape[0]]);
  if (part === null) return;
  const value = draw.of(numbers);
  change(b, part, binaryModel("mul", layout, value), { name: "mul_", args: [value] });
  b.drop(part);
};

const lanes: Make = (b, draw) => {
  const id = b.some(draw, (x) => mayChange(x) && isFloatModel(x));
  const x = b.model(id);
  if (!mayChange(x) || !isFloatModel(x)) return;
  const rule = unaries.relu;
  const result = mapped(x.storage.dtype, x.shape, [x], (item) =>
    applyUnary(rule, x.storage.dtype, item),
  );
  change(b, id, result, { name: "relu_", args: [] });
};

const realize: Make = (b, draw) => {
  const count = 1 + draw.below(3);
  const of = Array.from({ length: count }, () => b.pick(draw)).filter((id) => id !== null);
  if (of.length > 0) b.statements.push({ kind: "realize", of, isAwaited: draw.oneIn(2) });
};

const read: Make = (b, draw) => {
  const id = b.pick(draw);
  if (id !== null) b.read(id);
};

const turn: Make = (b) => {
  b.statements.push({ kind: "turn" });
};

const drop: Make = (b, draw) => {
  const id = b.pick(draw, (x) => sizeOf(x.shape) >= 0);
  if (id !== null) b.drop(id);
};

export const effectStatements: readonly (readonly [weight: number, make: Make])[] = [
  [4, binaryInPlace],
  [2, unaryInPlace],
  [1, fill],
  [2, copy],
  [1, clampInPlace],
  [1, maskedFill],
  [2, throughView],
  [1, lanes],
];

export const requestStatements: readonly (readonly [weight: number, make: Make])[] = [
  [4, realize],
  [2, read],
  [1, turn],
  [2, drop],
];
