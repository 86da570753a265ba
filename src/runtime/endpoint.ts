// The two ends Comlink talks over, from what the host has: web workers as they are, Node's threads
// dressed in the same events.
import { type Endpoint, expose } from "comlink";
import { fail } from "../base/errors.ts";
import { type NodeThread, nodeThreads } from "./node.ts";
import { readyMessage } from "./protocol.ts";

type MessageListener = (event: MessageEvent) => void;

/** Makes `api` callable from the thread that spawned this worker; called once, when all is set up. */
export function exposeWorker(api: object): void {
  const endpoint = ownEndpoint();
  expose(api, endpoint);
  endpoint.postMessage(readyMessage);
}

/** Calls `listener` with every message that arrives in this worker; returns how to answer. */
export function listenInWorker(listener: (data: unknown) => void): (message: unknown) => void {
  const endpoint = ownEndpoint();
  endpoint.addEventListener("message", (event) => listener((event as MessageEvent).data));
  return (message) => endpoint.postMessage(message);
}

function ownEndpoint(): Endpoint {
  const port = nodeThreads()?.parentPort;
  if (port) return nodeEndpoint(port);
  if (!("postMessage" in globalThis)) fail("worker", "wanted to run in a worker, got no port");
  return globalThis as unknown as Endpoint;
}

export function nodeEndpoint(port: Pick<NodeThread, "postMessage" | "on" | "off">): Endpoint {
  const listeners = new Map<unknown, (data: unknown) => void>();
  return {
    postMessage: (message, transfer) => port.postMessage(message, transfer),
    addEventListener(event, listener) {
      const call = listener as MessageListener;
      const onMessage = (data: unknown) => call({ data } as MessageEvent);
      listeners.set(listener, onMessage);
      port.on(event, onMessage);
    },
    removeEventListener(event, listener) {
      const onMessage = listeners.get(listener);
      if (onMessage) port.off(event, onMessage);
      listeners.delete(listener);
    },
  };
}
