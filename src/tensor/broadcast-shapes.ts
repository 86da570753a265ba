// What shapes broadcast to, without tensors.

import { describe } from "../base/binding-errors.ts";
import { fail } from "../base/errors.ts";
import { broadcastShapes as broadcast, type Shape } from "../base/shapes.ts";

/** A number is a shape of one dimension. */
export function broadcastShapes(...shapes: readonly (number | readonly number[])[]): number[] {
  const lists = shapes.map((shape) => {
    const list = typeof shape === "number" ? [shape] : shape;
    if (Array.isArray(list) && list.every((n) => Number.isInteger(n) && n >= 0)) return list;
    fail("broadcastShapes", `wants lists of sizes, got ${describe(shape)}`);
  });
  return [
    ...lists.reduce<Shape>((common, shape) => broadcast("broadcastShapes", common, shape), []),
  ];
}
