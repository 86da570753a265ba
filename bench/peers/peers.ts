// The peers' doors, opened only for a run that names them and a workload that knows them.

import type { PeerName, Peers } from "../contract.ts";

const loaders: { [name in PeerName]: (workers: number) => Promise<Peers[name]> } = {
  jax: async (workers) => (await import("./jax.ts")).loadJax(workers),
  tfjs: async (workers) => (await import("./tfjs.ts")).loadTfjs(workers),
  ort: async (workers) => (await import("./ort.ts")).loadOrt(workers),
};

export class PeerDoors {
  readonly names: PeerName[];
  readonly #workers: number;
  readonly #open: { [name in PeerName]?: Promise<Peers[name]> } = {};

  constructor(names: PeerName[], workers: number) {
    this.names = names;
    this.#workers = workers;
  }

  async open<Name extends PeerName>(name: Name): Promise<Peers[Name]> {
    const loading: Promise<Peers[Name]> = this.#open[name] ?? loaders[name](this.#workers);
    Object.assign(this.#open, { [name]: loading });
    return loading;
  }
}
