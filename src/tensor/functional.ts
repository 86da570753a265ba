// The records' functions that belong to nn.functional, as in PyTorch.

import { functions } from "./all-functions.ts";

export const { gelu, leakyRelu, silu, softplus } = functions;
