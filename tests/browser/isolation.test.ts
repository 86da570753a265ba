// What every other browser test stands on: the page may share memory with its workers.
import { expect, test } from "vitest";

test("the page is cross-origin isolated", () => {
  expect(crossOriginIsolated).toBe(true);
  expect(new SharedArrayBuffer(8).byteLength).toBe(8);
});

test("a shared WebAssembly.Memory grows and its old buffer stays readable", () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 4, shared: true });
  const before = memory.buffer;
  expect(before).toBeInstanceOf(SharedArrayBuffer);
  new Int32Array(before)[0] = 42;
  memory.grow(2);
  expect(before.byteLength).toBe(65_536);
  expect(memory.buffer.byteLength).toBe(3 * 65_536);
  expect(new Int32Array(memory.buffer)[0]).toBe(42);
});
