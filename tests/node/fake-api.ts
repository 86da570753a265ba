// A library small enough to be right, and to be made wrong on purpose: it shows that the conformance
// runner can fail. Element by element on arrays of one shape, differentiable twice, no workers.

type Backward = (g: Tensor) => readonly Tensor[];

/** What to get wrong. */
export const faults = {
  value: false,
  gradient: false,
  secondOrder: false,
  dtype: false,
  acceptsAnything: false,
  stumbles: false,
  rejects: false,
  neverAnswers: false,
};

export class Tensor {
  readonly inputs: readonly Tensor[];
  readonly backward: Backward | null;
  requiresGrad: boolean;

  constructor(
    readonly values: number[],
    readonly shape: readonly number[],
    readonly dtype: string,
    inputs: readonly Tensor[] = [],
    backward: Backward | null = null,
  ) {
    this.inputs = inputs;
    this.backward = backward;
    this.requiresGrad = inputs.some((input) => input.requiresGrad);
  }

  get isLeaf(): boolean {
    return !this.requiresGrad || this.backward === null;
  }

  get gradFn(): { name: string } | null {
    return this.isLeaf ? null : { name: "PowBackward0" };
  }

  data(): Promise<number[]> {
    if (faults.rejects) return Promise.reject(new Error("square: out of memory"));
    return faults.neverAnswers ? new Promise(() => 0) : Promise.resolve([...this.values]);
  }

  realize(): Promise<this> {
    return Promise.resolve(this);
  }

  item(): Promise<number> {
    return Promise.resolve(this.values[0]!);
  }

  reshape(shape: readonly number[]): Tensor {
    return new Tensor(this.values, shape, this.dtype);
  }

  /** Only along the last axis. */
  select(_: number, index: number): Tensor {
    const step = this.shape.at(-1)!;
    const values = this.values.filter((_, i) => i % step === index);
    return new Tensor(values, this.shape.slice(0, -1), this.dtype);
  }

  requiresGrad_(requiresGrad: boolean): this {
    this.requiresGrad = requiresGrad;
    return this;
  }

  mul(other: Tensor): Tensor {
    const values = this.values.map((x, i) => x * other.values[i]!);
    const backward = (g: Tensor) => [g.mul(other), g.mul(this)];
    return new Tensor(values, this.shape, this.dtype, [this, other], backward);
  }

  add(other: Tensor): Tensor {
    const values = this.values.map((x, i) => x + other.values[i]!);
    return new Tensor(values, this.shape, this.dtype, [this, other], (g) => [g, g]);
  }

  sum(): Tensor {
    const total = this.values.reduce((a, b) => a + b, 0);
    const { shape, dtype } = this;
    const backward = (g: Tensor) => [
      new Tensor(
        this.values.map(() => g.values[0]!),
        shape,
        dtype,
      ),
    ];
    return new Tensor([total], [], dtype, [this], backward);
  }

  toString(): string {
    return `tensor(${this.shape.length === 0 ? this.values[0] : `[${this.values.join(", ")}]`})`;
  }
}

export function tensor(values: ArrayLike<number | bigint>, { dtype }: { dtype: string }): Tensor {
  if (!["float32", "int64", "bool"].includes(dtype)) throw new Error(`tensor: no dtype ${dtype}`);
  return new Tensor(Array.from(values, Number), [values.length], dtype);
}

export const float = (value: number): { readonly value: number } => ({ value });
export const slice = (start: unknown, stop: unknown, step: unknown) => ({ start, stop, step });

export function square(x: Tensor): Tensor {
  if (faults.stumbles) return (undefined as unknown as Tensor).mul(x);
  if (x.dtype === "bool" && !faults.acceptsAnything) throw new Error("square: no bool");
  const backward = (g: Tensor) => {
    const off = faults.gradient ? 1.01 : 1;
    // Detached, the gradient is right and its own gradient is gone.
    const seen = faults.secondOrder ? new Tensor(x.values, x.shape, x.dtype) : x;
    const two = new Tensor(
      x.values.map(() => 2 * off),
      x.shape,
      x.dtype,
    );
    return [g.mul(seen).mul(two)];
  };
  const values = x.values.map((value) => value * value + (faults.value ? 1e-3 : 0));
  return new Tensor(values, x.shape, faults.dtype ? "int64" : x.dtype, [x], backward);
}

/** A request that never ends, on the page's own thread. */
export function spin(): never {
  for (;;);
}

export function aminmax(x: Tensor): { min: Tensor; max: Tensor } {
  const one = (value: number) => new Tensor([value], [], x.dtype);
  return { min: one(Math.min(...x.values)), max: one(Math.max(...x.values)) };
}

export function grad(
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  { gradOutputs }: { gradOutputs?: readonly Tensor[] },
): (Tensor | null)[] {
  const found = new Map<Tensor, Tensor>();
  const walk = (at: Tensor, g: Tensor): void => {
    const before = found.get(at);
    found.set(at, before ? before.add(g) : g);
    at.backward?.(g).forEach((part, i) => {
      if (at.inputs[i]!.requiresGrad) walk(at.inputs[i]!, part);
    });
  };
  outputs.forEach((output, i) => {
    walk(output, gradOutputs?.[i] ?? new Tensor([1], [], output.dtype));
  });
  return inputs.map((input) => found.get(input) ?? null);
}

export const stats = () => ({ requests: 0, programs: 0, fallbacks: 0 });
