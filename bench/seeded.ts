// Input data from a seed, the same for every contender of a run.

export type Random = () => number;

/** Uniform in [0, 1): a Weyl sequence through a 32-bit finaliser. */
export function uniform(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let bits = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
    return ((bits ^ (bits >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** Box–Muller, both values of each pair. */
export function normal(seed: number, length: number): Float32Array<ArrayBuffer> {
  const random = uniform(seed);
  const values = new Float32Array(length);
  for (let index = 0; index < length; index += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    const angle = 2 * Math.PI * random();
    values[index] = radius * Math.cos(angle);
    if (index + 1 < length) values[index + 1] = radius * Math.sin(angle);
  }
  return values;
}

/** The same normal values for every contender that asks; kept only as long as somebody holds them. */
export function shared(seed: number, length: number): () => Float32Array<ArrayBuffer> {
  let kept: WeakRef<Float32Array<ArrayBuffer>> | undefined;
  return () => {
    const values = kept?.deref() ?? normal(seed, length);
    kept = new WeakRef(values);
    return values;
  };
}
