// All examples, by the name in the address and on the command line.

import type { Example } from "../training/example.ts";
import { digits } from "./digits/digits.ts";
import { signal } from "./signal/signal.ts";
import { spirals } from "./spirals.ts";
import { text } from "./text/text.ts";

export const examples = { spirals, digits, text, signal } satisfies Record<string, Example>;
