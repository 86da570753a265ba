// Own packs: a product whose rows of a all fit the cache lets each unit pack its part of b for itself, in
// scratch: no kernel before it, no barrier, and nothing of b in memory. Where one unit does a whole product
// of a batch, it packs a as well.

import { scratchBytes, vectorSlack } from "../base/program.ts";
import type { ContractKernel, Kernel, OwnPack, PackKernel, Stream } from "./kernel.ts";
import { ownBlock, sumBytes, type Tiling, tilingOf, wholeBlock } from "./panels.ts";
import type { Sides } from "./step.ts";

/** The kernels, without the packs that products took over. */
export function withOwnPacks(kernels: readonly Kernel[]): Kernel[] {
  const taken = new Set<Kernel>();
  const users = usersOf(kernels);
  const owning = kernels.map((kernel) => {
    if (kernel.kind !== "contract") return kernel;
    const [a, b] = (["a", "b"] as const).map((side) => packOf(kernel, side, users));
    const own = b ? withOwn(kernel, a ?? null, b) : null;
    for (const { pack } of own?.packs ?? []) taken.add(pack);
    return own?.kernel ?? kernel;
  });
  return owning.filter((kernel) => !taken.has(kernel));
}

/** The kernels that touch each temp. */
export type Users = ReadonlyMap<number, ReadonlySet<Kernel>>;

export function usersOf(kernels: readonly Kernel[]): Users {
  const users = new Map<number, Set<Kernel>>();
  for (const kernel of kernels) {
    for (const { buffer } of kernel.streams) {
      if (buffer.kind !== "temp") continue;
      const known = users.get(buffer.index);
      if (known) known.add(kernel);
      else users.set(buffer.index, new Set([kernel]));
    }
  }
  return users;
}

/** The pack that only this product reads. */
export function packOf(
  kernel: ContractKernel,
  side: "a" | "b",
  users: Users,
): PackKernel | undefined {
  const all = [...(users.get((kernel.streams[kernel[side]] as Stream).buffer.index) ?? [])];
  return all.length === 2 ? all.find((user) => user.kind === "pack") : undefined;
}

function withOwn(
  kernel: ContractKernel,
  a: PackKernel | null,
  b: PackKernel,
): { kernel: ContractKernel; packs: OwnPack[] } | null {
  const tiling = tilingOf(kernel.axes, kernel);
  const room = scratchBytes - 4 * vectorSlack;
  const whole = a && isOfBatch(a, tiling.batch) ? wholeBlock(tiling, room) : null;
  if (a && whole) return owning(kernel, tiling, whole, [packFor("a", a), packFor("b", b)]);
  const block = ownBlock(tiling, room);
  return block && owning(kernel, tiling, block, [packFor("b", b)]);
}

const packFor = (side: "a" | "b", pack: PackKernel): OwnPack => ({ side, pack });

const isOfBatch = ({ axes, batchAxes }: PackKernel, batch: number): boolean =>
  axes.slice(0, batchAxes).reduce((product, { size }) => product * size, 1) === batch;

const aligned = (bytes: number): number => Math.ceil(bytes / vectorSlack) * vectorSlack;

/** Scratch holds the sums that are put aside, then each side's panels. */
function owning(
  kernel: ContractKernel,
  tiling: Tiling,
  block: Sides,
  packs: OwnPack[],
): { kernel: ContractKernel; packs: OwnPack[] } {
  let next = aligned(sumBytes(tiling, block));
  const streams = [...kernel.streams];
  const own = packs.map(({ side, pack }): OwnPack => {
    const buffer = { kind: "scratch", index: next } as const;
    next += aligned(block[side] * tiling.panelBytes[side]);
    const at = kernel[side];
    const panels = streams[at] as Stream;
    streams[at] = { ...panels, buffer, strides: panels.strides.map(() => 0) };
    const inScratch = pack.streams.map((stream, each) =>
      each === pack.target ? { ...stream, buffer, strides: stream.strides.map(() => 0) } : stream,
    );
    return { side, pack: { ...pack, streams: inScratch } };
  });
  return { kernel: { ...kernel, streams, block, own }, packs };
}
