// Opens a pool, runs one program that nobody awaits, and closes nothing.
import { openPool } from "../../src/runtime/pool.ts";
import { countProgram, kernelModule } from "./runtime-programs.ts";

const executor = await openPool({ workers: 2 });
console.log("ready");
// Idle for a while: the workers must neither be lost nor keep what follows from running.
await new Promise((resolve) => setTimeout(resolve, 50));
const { address } = executor.heap.allocate(4);
executor.heap.bytesAt(address, 4).fill(0);
const binding = { inputs: [address], outputs: [], scalars: [] };
executor.run(countProgram(kernelModule(true), 7), binding).then(() => {
  console.log(new Int32Array(executor.heap.memory.buffer, address, 1)[0]);
  console.log("end of script");
});
