// Product parts: a product whose panels would take more than a bound is cut into parts of rows and of
// columns. Panels of one part of either side lie in memory at a time, and are used again:
//
//   for each part of the outer side:  pack it;  for each part of the inner:  pack it, multiply
//
// The inner side is packed once for each part of the outer, so it must be plain memory. Each sum is added
// up as before: the depth is not cut here.

import { dtypes } from "../base/dtypes.ts";
import type { Axis, ContractKernel, Kernel, KernelValue, PackKernel, Stream } from "./kernel.ts";
import { packOf, type Users, usersOf } from "./own-packs.ts";
import { blockOf, packedSize, tilingOf } from "./panels.ts";

/** Bytes of panels per side, twice of which are in memory; products of less than both stay whole. */
const sideBytes = 24 << 20;
/** Rows of a part where those of the deepest take more: fewer would pack the inner side too often. */
const leastRows = 512;

/** A stretch of one axis. */
interface Part {
  readonly from: number;
  readonly length: number;
}

interface PackedSide {
  readonly pack: PackKernel;
  /** The product's axis, and the pack's. */
  readonly axis: { readonly product: number; readonly pack: number };
  readonly parts: readonly Part[];
}

/** The kernels; each product of more than the bound in parts, its packs among them. */
export function withProductParts(kernels: readonly Kernel[]): Kernel[] {
  const users = usersOf(kernels);
  const moved = new Set<Kernel>();
  const parted = kernels.map((kernel): readonly Kernel[] => {
    const sides = kernel.kind === "contract" ? sidesOf(kernel, users) : null;
    if (!sides) return [kernel];
    for (const { pack } of sides) moved.add(pack);
    return partsOf(kernel as ContractKernel, sides);
  });
  return kernels.flatMap((kernel, at) => (moved.has(kernel) ? [] : (parted[at] ?? [])));
}

/** The outer side, then the inner; null: the product stays whole. */
function sidesOf(kernel: ContractKernel, users: Users): readonly [PackedSide, PackedSide] | null {
  const { batch, panels, panelBytes } = tilingOf(kernel.axes, kernel);
  const bytes = panels.a * panelBytes.a + panels.b * panelBytes.b;
  if (batch > 1 || bytes <= 2 * sideBytes || !isPlain(kernel)) return null;
  const [a, b] = [sideOf(kernel, "a", users), sideOf(kernel, "b", users)];
  if (!a || !b) return null;
  if (isMemory(b.pack)) return [a, b];
  return isMemory(a.pack) ? [b, a] : null;
}

function sideOf(kernel: ContractKernel, side: "a" | "b", users: Users): PackedSide | null {
  const pack = packOf(kernel, side, users);
  if (pack?.rowAxes !== 1 || !isPlain(pack)) return null;
  const product = kernel.axes.length - (side === "a" ? 2 : 1);
  const rows = kernel.axes[product]?.size ?? 1;
  const parts = partsOfRows(rows, kernel.widths[side], kernel.depth * dtypes[kernel.dtype].bytes);
  return { pack, axis: { product, pack: pack.batchAxes }, parts };
}

/** As long as each other, and whole panels, all but the last. */
function partsOfRows(rows: number, width: number, rowBytes: number): Part[] {
  const most = Math.max(leastRows, Math.floor(sideBytes / rowBytes));
  const length = Math.ceil(rows / Math.ceil(rows / most) / width) * width;
  const count = Math.ceil(rows / length);
  return Array.from({ length: count }, (_, at) => {
    return { from: at * length, length: Math.min(length, rows - at * length) };
  });
}

/** Whether a stretch of an axis is the whole with other offsets. */
const isPlain = ({ streams, values }: ContractKernel | PackKernel): boolean =>
  streams.every(({ steps }) => steps === null) && values.every(hasNoPosition);

const hasNoPosition = ({ kind }: KernelValue): boolean => kind !== "index" && kind !== "gather";

const isMemory = ({ values }: PackKernel): boolean => values.every(({ kind }) => kind === "load");

function partsOf(
  kernel: ContractKernel,
  [outer, inner]: readonly [PackedSide, PackedSide],
): Kernel[] {
  return outer.parts.flatMap((down) => [
    packPart(outer, down),
    ...inner.parts.flatMap((across) => {
      const rows = stretch(kernel, outer.axis.product, down);
      const product = stretch(rows, inner.axis.product, across);
      return [packPart(inner, across), withPanels(product)];
    }),
  ]);
}

/** The product with as many panels of either side as its axes have rows. */
function withPanels(product: ContractKernel): ContractKernel {
  const { axes, widths, depth } = product;
  const streams = product.streams.map((stream, at): Stream => {
    if (at === product.a) return { ...stream, reach: lastOf(axes.at(-2), depth, widths.a) };
    if (at === product.b) return { ...stream, reach: lastOf(axes.at(-1), depth, widths.b) };
    return stream;
  });
  return { ...product, streams, block: blockOf(axes, widths) };
}

/** The last element of so many rows' panels. */
const lastOf = (rows: Axis | undefined, depth: number, width: number): number =>
  packedSize([1, rows?.size ?? 1, depth], width) - 1;

function packPart({ pack, axis }: PackedSide, part: Part): PackKernel {
  const cut = stretch(pack, axis.pack, part);
  const depth = cut.axes.slice(axis.pack + 1).reduce((product, { size }) => product * size, 1);
  const reach = lastOf(cut.axes[axis.pack], depth, pack.width);
  const streams = cut.streams.map((stream, at) =>
    at === pack.target ? { ...stream, reach } : stream,
  );
  return { ...cut, streams };
}

/** The kernel on a stretch of one axis. */
function stretch<K extends ContractKernel | PackKernel>(kernel: K, at: number, part: Part): K {
  const whole = (kernel.axes[at] as Axis).size;
  const axes = kernel.axes.map((axis, each) =>
    each === at ? { ...axis, size: part.length } : axis,
  );
  const streams = kernel.streams.map((stream): Stream => {
    return { ...stream, offset: stream.offset + part.from * (stream.strides[at] ?? 0) };
  });
  return { ...kernel, axes, streams, size: (kernel.size / whole) * part.length };
}
