// Copies that do not hold up the calling thread: a slice, then a turn for everybody else.
import { isNode } from "./node.ts";

/** Up to this many bytes a copy is made at once, 0.03–0.1 ms. */
export const copyAtOnce = 256 * 1024;
/** A slice ends at the first piece after this many ms. */
const sliceMilliseconds = 1.5;
const pieceBytes = 256 * 1024;

/** Copies `length` bytes by `copyPiece(from, to)`; at once when they are few. */
export async function copyInSlices(
  length: number,
  copyPiece: (from: number, to: number) => void,
): Promise<void> {
  if (length <= copyAtOnce) return copyPiece(0, length);
  let sliceEnd = performance.now() + sliceMilliseconds;
  for (let from = 0; from < length; from += pieceBytes) {
    if (performance.now() > sliceEnd) {
      await nextTurn();
      sliceEnd = performance.now() + sliceMilliseconds;
    }
    copyPiece(from, Math.min(from + pieceBytes, length));
  }
}

/**
 * Resolves in a later turn of the event loop. Scar: nested timeouts of 0 ms take 4 ms each, and a message
 * port keeps Node alive.
 */
export function nextTurn(): Promise<void> {
  const { setImmediate } = globalThis as { setImmediate?: (call: () => void) => void };
  return new Promise((resolve) => {
    if (isNode() && setImmediate) setImmediate(resolve);
    else {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        resolve();
      };
      port2.postMessage(null);
    }
  });
}

/** Resolves after so many ms. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
