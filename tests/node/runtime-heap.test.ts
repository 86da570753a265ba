import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { vectorSlack } from "../../src/base/program.ts";
import { AddressSpace, type Chunk } from "../../src/runtime/address-space.ts";
import { type Block, Heap, OutOfMemoryError } from "../../src/runtime/heap.ts";

const megabyte = 2 ** 20;

/** Blocks in the order of their addresses. */
function sorted(blocks: Iterable<Block>): Block[] {
  return [...blocks].sort((x, y) => x.address - y.address);
}

function expectApart(blocks: Iterable<Block>): void {
  const all = sorted(blocks);
  for (const [index, { address, bytes }] of all.entries()) {
    const next = all[index + 1];
    if (next) expect(address + bytes + vectorSlack).toBeLessThanOrEqual(next.address);
  }
}

describe("an address space", () => {
  test("is one free piece again after any sequence of takes and gives", () => {
    const steps = fc.array(fc.tuple(fc.nat(400), fc.nat(), fc.boolean()), { maxLength: 300 });
    fc.assert(
      fc.property(steps, (sequence) => {
        const space = new AddressSpace(4096, 2 ** 31);
        const taken: Chunk[] = [];
        for (const [units, pick, isTake] of sequence) {
          if (isTake || taken.length === 0) {
            const chunk = space.take(64 * (units + 1))!;
            expect(chunk.bytes).toBe(64 * (units + 1));
            taken.push(chunk);
          } else space.give(taken.splice(pick % taken.length, 1)[0]!);
          const byAddress = [...taken].sort((x, y) => x.address - y.address);
          byAddress.reduce((end, { address, bytes }) => {
            expect(address).toBeGreaterThanOrEqual(end);
            return address + bytes;
          }, 4096);
        }
        for (const chunk of taken) space.give(chunk);
        expect(space.top).toBe(4096);
      }),
    );
  });

  test("hands out the piece that was given back last", () => {
    const space = new AddressSpace(0, 2 ** 20);
    const chunks = Array.from({ length: 9 }, () => space.take(640)!);
    for (const index of [1, 5, 3]) space.give(chunks[index]!);
    expect([3, 5, 1].map(() => space.take(640)!.address)).toEqual(
      [3, 5, 1].map((index) => chunks[index]!.address),
    );
  });

  test("refuses a second give", () => {
    const space = new AddressSpace(0, 2 ** 20);
    const chunk = space.take(64)!;
    space.give(chunk);
    expect(() => space.give(chunk)).toThrow("internal: address space: 0 freed twice");
  });
});

describe("a heap", () => {
  test("gives aligned blocks that do not overlap, with slack behind each", () => {
    const sizes = fc.array(fc.oneof(fc.nat(300), fc.nat(200_000)), { maxLength: 60 });
    fc.assert(
      fc.property(sizes, (all) => {
        const heap = new Heap({ shared: true, maxBytes: 64 * megabyte });
        const blocks = all.map((bytes) => heap.allocate(bytes));
        for (const { address } of blocks) expect(address % 64).toBe(0);
        expectApart(blocks);
        const last = sorted(blocks).at(-1);
        const end = (last?.address ?? 0) + (last?.bytes ?? 0) + vectorSlack;
        expect(end).toBeLessThanOrEqual(heap.memory.buffer.byteLength);
        for (const block of blocks) heap.free(block);
        expect(heap.stats().usedBytes).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  test("does not fragment over 10,000 alternating steps", () => {
    const heap = new Heap({ shared: true, maxBytes: 2 ** 30 });
    const live: Block[] = [];
    let state = 12345;
    const next = (limit: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state % limit;
    };
    for (let step = 0; step < 10_000; step++) {
      if (live.length > 40) heap.free(live.splice(next(live.length), 1)[0]!);
      live.push(heap.allocate(next(3) === 0 ? next(2 * megabyte) : next(2000)));
    }
    expectApart(live);
    const { peakBytes, reservedBytes } = heap.stats();
    expect(reservedBytes).toBeLessThan(2.5 * peakBytes);
  });

  test("takes a training loop's blocks from where it took them before", () => {
    const heap = new Heap({ shared: true, maxBytes: 2 ** 30 });
    const step = () => [3, 1, 2].map((size) => heap.allocate(size * megabyte));
    let before = step();
    const reserved = heap.stats().reservedBytes;
    for (let count = 0; count < 1000; count++) {
      const after = step();
      for (const block of before) heap.free(block);
      before = after;
    }
    expect(heap.stats().reservedBytes).toBe(reserved);
  });

  test("starts two large blocks at different offsets of a page", () => {
    const heap = new Heap({ shared: true });
    const offsets = [1, 1, 1, 1].map(() => heap.allocate(megabyte).address % 4096);
    expect(new Set(offsets).size).toBe(4);
  });

  test("grows by need and keeps what was written", () => {
    for (const shared of [true, false]) {
      const heap = new Heap({ shared, maxBytes: 200 * megabyte });
      const first = heap.allocate(16);
      heap.bytesAt(first.address, 16).fill(7);
      const reserved = heap.stats().reservedBytes;
      heap.allocate(100 * megabyte);
      expect(heap.stats().reservedBytes).toBeGreaterThan(reserved);
      expect([...heap.bytesAt(first.address, 16)]).toEqual(new Array(16).fill(7));
    }
  });

  test("says what was wanted, used and allowed when there is no room", () => {
    const heap = new Heap({ shared: true, maxBytes: 20 * megabyte });
    heap.allocate(8 * megabyte);
    expect(() => heap.allocate(30 * megabyte)).toThrow(OutOfMemoryError);
    expect(() => heap.allocate(30 * megabyte)).toThrow(
      "heap: out of memory: wanted 30 MB, used 8.00 MB of at most 20 MB",
    );
  });

  test("asks for caches before it gives up", () => {
    const heap = new Heap({ shared: true, maxBytes: 20 * megabyte });
    const cache = heap.allocate(15 * megabyte);
    const stop = heap.onPressure(() => {
      heap.free(cache);
      stop();
    });
    expect(heap.allocate(15 * megabyte).bytes).toBe(15 * megabyte);
  });

  test("refuses a size that is none, and a block freed twice", () => {
    const heap = new Heap({ shared: true });
    expect(() => heap.allocate(-1)).toThrow("heap: wanted a number of bytes, got -1");
    expect(() => heap.allocate(Number.NaN)).toThrow("got NaN");
    const block = heap.allocate(4);
    heap.free(block);
    expect(() => heap.free(block)).toThrow("internal: heap:");
  });
});
