// shardgrad/signal: what signal processing is made of.

export * as windows from "./signal/windows.ts";
