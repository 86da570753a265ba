// A user's worker with a pool of its own; posts what came of it.
import { openPool } from "../../src/runtime/pool.ts";
import { countProgram, kernelModule } from "../node/runtime-programs.ts";

const executor = await openPool({ workers: 2 });
const { address } = executor.heap.allocate(4);
executor.heap.bytesAt(address, 4).fill(0);
const binding = { inputs: [address], outputs: [], scalars: [] };
await executor.run(countProgram(kernelModule(true), 11), binding);
const [count] = new Int32Array(executor.heap.memory.buffer, address, 1);
postMessage({ workers: executor.workers, count });
