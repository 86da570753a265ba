// Heap: the one memory kernels work on, and who has which part of it. Kept by the thread that opened
// it; workers see addresses only. Blocks are 64-byte aligned and followed by `vectorSlack` readable
// bytes. The memory starts small and grows by need; it never shrinks.
import { fail, invariant } from "../base/errors.ts";
import { vectorSlack } from "../base/program.ts";
import { AddressSpace, type Chunk, chunkAlignment } from "./address-space.ts";

const pageBytes = 65_536;
const initialBytes = 16 * 2 ** 20;
const largestStepBytes = 256 * 2 ** 20;
/** Tried one after the other: phones refuse to reserve the larger ones. */
const limitLadder = [2 ** 32 - pageBytes, 2 ** 31, 2 ** 30, 2 ** 29];
/** No block lies below: address 0 stays an address of nothing. */
const baseAddress = 4096;
/** From this size a block's offset in its 4 KB page rotates. */
const largeBytes = 65_536;
/** Scar: 64 MB buffers at equal offsets modulo 4096 slow copying kernels, so 64 offsets, in steps of 9 · 64. */
const colourPeriod = 4096;
const colourStep = 9 * chunkAlignment;

export interface Block {
  readonly address: number;
  readonly bytes: number;
}

export interface HeapOptions {
  readonly maxBytes?: number;
  readonly shared: boolean;
}

export class OutOfMemoryError extends Error {
  override readonly name = "OutOfMemoryError";
  readonly wantedBytes: number;
  readonly usedBytes: number;
  readonly limitBytes: number;

  constructor(wantedBytes: number, usedBytes: number, limitBytes: number) {
    const wanted = `wanted ${inMegabytes(wantedBytes)}, used ${inMegabytes(usedBytes)}`;
    super(`heap: out of memory: ${wanted} of at most ${inMegabytes(limitBytes)}`);
    this.wantedBytes = wantedBytes;
    this.usedBytes = usedBytes;
    this.limitBytes = limitBytes;
  }
}

export class Heap {
  readonly memory: WebAssembly.Memory;
  private readonly limitBytes: number;
  private readonly space: AddressSpace;
  private readonly chunks = new Map<Block, Chunk>();
  private readonly reclaimers = new Set<() => void>();
  /** Addresses of large blocks on pages that no block lay on before. */
  private readonly fresh = new Set<number>();
  private highWater = baseAddress;
  private usedBytes = 0;
  private peakBytes = 0;
  private colour = 0;

  constructor({ maxBytes, shared }: HeapOptions) {
    const { memory, limitBytes } = reserve(maxBytes, shared);
    this.memory = memory;
    this.limitBytes = limitBytes;
    this.space = new AddressSpace(baseAddress, memory.buffer.byteLength);
  }

  allocate(bytes: number): Block {
    if (!Number.isSafeInteger(bytes) || bytes < 0) {
      fail("heap", `wanted a number of bytes, got ${bytes}`);
    }
    const isLarge = bytes >= largeBytes;
    const size = roundUp(bytes + vectorSlack, chunkAlignment);
    const chunk = this.take(isLarge ? size + colourPeriod - chunkAlignment : size);
    const address = isLarge ? this.colouredFrom(chunk.address) : chunk.address;
    const block: Block = Object.freeze({ address, bytes });
    if (isLarge && this.space.top > this.highWater) this.fresh.add(address);
    this.highWater = Math.max(this.highWater, this.space.top);
    this.chunks.set(block, chunk);
    this.usedBytes += chunk.bytes;
    this.peakBytes = Math.max(this.peakBytes, this.usedBytes);
    return block;
  }

  free(block: Block): void {
    const chunk = this.chunks.get(block);
    if (!chunk) invariant(false, `heap: ${block.address} is not allocated, or freed twice`);
    this.chunks.delete(block);
    this.fresh.delete(block.address);
    this.usedBytes -= chunk.bytes;
    this.space.give(chunk);
  }

  /** Whether the block at `address` may lie on untouched pages; asked a second time, no more. */
  takeFresh(address: number): boolean {
    return this.fresh.delete(address);
  }

  /** A view on the current buffer; not to be kept, an unshared memory detaches it when it grows. */
  bytesAt(address: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, address, length);
  }

  stats(): { usedBytes: number; reservedBytes: number; peakBytes: number } {
    const { usedBytes, peakBytes } = this;
    return { usedBytes, reservedBytes: this.memory.buffer.byteLength, peakBytes };
  }

  /** `reclaim` frees what can be had again; called before an allocation fails. Returns its removal. */
  onPressure(reclaim: () => void): () => void {
    this.reclaimers.add(reclaim);
    return () => this.reclaimers.delete(reclaim);
  }

  private take(size: number): Chunk {
    const chunk = this.space.take(size) ?? this.takeGrown(size);
    if (chunk) return chunk;
    for (const reclaim of this.reclaimers) reclaim();
    const retried = this.space.take(size) ?? this.takeGrown(size);
    if (retried) return retried;
    throw new OutOfMemoryError(size, this.usedBytes, this.limitBytes);
  }

  private takeGrown(size: number): Chunk | null {
    const current = this.memory.buffer.byteLength;
    const needed = roundUp(this.space.top + size, pageBytes);
    if (needed > this.limitBytes) return null;
    const doubled = Math.min(2 * current, current + largestStepBytes, this.limitBytes);
    if (!this.growTo(Math.max(needed, doubled)) && !this.growTo(needed)) return null;
    return this.space.take(size);
  }

  private growTo(bytes: number): boolean {
    try {
      this.memory.grow((bytes - this.memory.buffer.byteLength) / pageBytes);
    } catch (error) {
      if (error instanceof RangeError) return false;
      throw error;
    }
    this.space.end = this.memory.buffer.byteLength;
    return true;
  }

  /** The first address from `address` on whose offset in its 4 KB page is the next colour. */
  private colouredFrom(address: number): number {
    this.colour = (this.colour + colourStep) % colourPeriod;
    return address + ((this.colour - address + 2 ** 32) % colourPeriod);
  }
}

function reserve(maxBytes: number | undefined, shared: boolean) {
  if (maxBytes !== undefined && !(maxBytes >= pageBytes)) {
    fail("heap", `maxBytes: wanted at least ${pageBytes}, got ${maxBytes}`);
  }
  const wanted = Math.floor(Math.min(maxBytes ?? limitLadder[0]!, limitLadder[0]!) / pageBytes);
  const ladder = [wanted * pageBytes, ...limitLadder.filter((limit) => limit < wanted * pageBytes)];
  let refusal: unknown;
  for (const limitBytes of ladder) {
    const initial = Math.min(initialBytes, limitBytes) / pageBytes;
    try {
      const maximum = limitBytes / pageBytes;
      return { memory: new WebAssembly.Memory({ initial, maximum, shared }), limitBytes };
    } catch (error) {
      refusal = error;
    }
  }
  throw new Error("heap: no memory could be reserved", { cause: refusal });
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}

function inMegabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(bytes < 2 ** 24 ? 2 : 0)} MB`;
}
