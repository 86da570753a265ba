// The command's arguments.

import { parseArgs } from "node:util";
import { type Options, type PeerName, peerNames } from "./contract.ts";
import { workloads } from "./workloads/list.ts";

export const usage = `npm run bench -- [--only a,b] [--peers jax,tfjs,ort | none] [--json FILE]
                  [--reps N] [--workers N]

  only by name, being long: ${workloads
    .filter(({ isLong }) => isLong)
    .map(({ name }) => name)
    .join(", ")}`;

function isPeer(name: string): name is PeerName {
  return peerNames.some((peer) => peer === name);
}

function readPeers(text: string | undefined): PeerName[] {
  if (text === undefined) return [...peerNames];
  return list(text)
    .filter((name) => name !== "none")
    .map((name) => {
      if (isPeer(name)) return name;
      throw new Error(`--peers: no peer ${name}; there are ${peerNames.join(", ")} and none`);
    });
}

function readNames(text: string | undefined): string[] | null {
  if (text === undefined) return null;
  const known = workloads.map(({ name }) => name);
  const unknown = list(text).filter((name) => !known.includes(name));
  if (unknown.length === 0) return list(text);
  throw new Error(`--only: no workload ${unknown.join(", ")}; there are ${known.join(", ")}`);
}

function readCount(name: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw new Error(`--${name}: wanted a positive whole number, got ${text}`);
}

const list = (text: string): string[] => text.split(",").filter((part) => part !== "");

export function readOptions(argv: string[]): Options {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args: argv,
    options: { only: text, peers: text, json: text, reps: text, workers: text },
  });
  return {
    only: readNames(values.only),
    peers: readPeers(values.peers),
    json: values.json ?? null,
    reps: readCount("reps", values.reps),
    workers: readCount("workers", values.workers),
  };
}
