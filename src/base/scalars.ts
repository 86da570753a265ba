// Numbers as arguments. A JavaScript number that is an integer stands for Python's int; `float(2)` is
// 2.0, for where the difference matters: it promotes an integer tensor to floating point.

/** A floating point number whatever its value. */
export class Float {
  constructor(readonly float: number) {}

  valueOf(): number {
    return this.float;
  }
}

export const float = (value: number): Float => new Float(value);

export type Scalar = number | boolean | Float;

export const scalarValue = (value: Scalar): number =>
  value instanceof Float ? value.float : Number(value);

/** One number, or each of a list. */
export const scalarValues = (given: Scalar | readonly Scalar[]): number | number[] =>
  typeof given === "object" && "length" in given ? given.map(scalarValue) : scalarValue(given);
