// The benchmark's own server: isolated (shared memory needs both headers), deaf to file changes (a
// reload in the middle would lose the run), and with a fixed list of bundled dependencies. jax-js and
// ONNX Runtime start workers from their own files and are served as they are.

import { createServer, type InlineConfig } from "vite";

const config: InlineConfig = {
  configFile: false,
  root: process.cwd(),
  appType: "mpa",
  cacheDir: "node_modules/.vite-bench",
  clearScreen: false,
  logLevel: "warn",
  server: {
    host: "127.0.0.1",
    port: 0,
    hmr: false,
    watch: null,
    headers: {
      "Cross-Origin-Opener-Policy": "same-origin",
      "Cross-Origin-Embedder-Policy": "require-corp",
    },
  },
  optimizeDeps: {
    noDiscovery: true,
    include: ["@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm", "comlink"],
    exclude: ["@jax-js/jax", "onnxruntime-web"],
  },
};

export interface Served {
  url: string;
  close(): Promise<void>;
}

export async function serve(path: string): Promise<Served> {
  const server = await createServer(config);
  await server.listen();
  const [origin] = server.resolvedUrls?.local ?? [];
  if (origin === undefined) throw new Error("bench: the server has no address");
  return { url: new URL(path, origin).href, close: () => server.close() };
}
