// The compiler worker: graphs in, programs out. Compiling never touches the page's thread.

import { Compiler } from "../src/compiler/compile.ts";
import { exposeWorker } from "../src/runtime/endpoint.ts";

exposeWorker(new Compiler());
