// Headless Chromium with the runner's page in it, served by Vite with the headers that give shared
// memory. A page that crashed or fell silent is replaced by a fresh one, pool and all.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright";
import type { Plugin, ViteDevServer } from "vite";
import type { Outcome } from "./outcome.ts";
import type { Counters, PageSide, Request, Setup } from "./page.ts";
import { readPart } from "./read-corpus.ts";

export interface HostOptions {
  readonly root: string;
  readonly corpus: string;
  /** Address of the public API's module, from the project's root. */
  readonly api: string;
  readonly workers: number | null;
}

export interface Reply {
  readonly outcomes: readonly Outcome[];
  /** Cases that were under way when nothing more was heard. */
  readonly suspects: readonly string[];
  /** Why the page had to be replaced, or null. */
  readonly trouble: string | null;
}

export class Host {
  readonly #options: HostOptions;
  readonly #server: ViteDevServer;
  readonly #browser: Browser;
  #page: Page | null = null;
  #listener: Listener | null = null;
  /** Of pages that are gone, as far as they could still be asked, and of the present one. */
  readonly counters: Counters[] = [];
  /** Errors that nobody caught, as the page's console shows them. */
  readonly complaints: string[] = [];

  private constructor(options: HostOptions, server: ViteDevServer, browser: Browser) {
    this.#options = options;
    this.#server = server;
    this.#browser = browser;
  }

  static async open(options: HostOptions): Promise<Host> {
    const { createServer } = await import("vite");
    const { chromium } = await import("playwright");
    const { chromiumArgs, findChromium } = await import("../../scripts/chromium.mjs");
    const executablePath = await findChromium();
    const server = await createServer({
      root: options.root,
      configFile: join(options.root, "vite.config.ts"),
      logLevel: "warn",
      // A cache of its own: other servers of the project may be running.
      cacheDir: join(options.root, "node_modules/.vite-conformance"),
      plugins: [corpusServer(options.corpus)],
      server: { port: 0, hmr: false, watch: null },
    });
    try {
      await server.listen();
      const browser = await chromium.launch({ executablePath, args: chromiumArgs() });
      return new Host(options, server, browser);
    } catch (error) {
      await server.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#dropPage();
    await this.#browser.close();
    await this.#server.close();
  }

  async run(request: Request): Promise<Reply> {
    this.#page ??= await this.#newPage();
    // Longer than a case may take: only a page that is blocked says nothing at all.
    const listener = new Listener(request.pace.caseMilliseconds * 1.5);
    this.#listener = listener;
    const { outcomes, underWay } = listener;
    try {
      const running = this.#page.evaluate(
        (request) => (globalThis as unknown as { conformance: PageSide }).conformance.run(request),
        request,
      );
      const hung = await Promise.race([running, listener.broken]);
      if (hung instanceof Error) throw hung;
      if (hung.length === 0) return { outcomes, suspects: [], trouble: null };
      await this.#dropPage();
      return { outcomes, suspects: hung, trouble: "no answer in time" };
    } catch (error) {
      const trouble = error instanceof Error ? error.message : String(error);
      await this.#dropPage();
      return { outcomes, suspects: [...underWay], trouble };
    } finally {
      listener.end();
      this.#listener = null;
    }
  }

  async #newPage(): Promise<Page> {
    const page = await this.#browser.newPage();
    page.on("crash", () => this.#listener?.giveUp("the page crashed"));
    page.on("pageerror", (error) => this.complaints.push(error.message));
    await page.exposeFunction("conformanceStarted", (ids: string) =>
      this.#listener?.started(JSON.parse(ids)),
    );
    await page.exposeFunction("conformanceFinished", (outcomes: string) =>
      this.#listener?.finished(JSON.parse(outcomes)),
    );
    const address = this.#server.resolvedUrls?.local[0];
    await page.goto(`${address}conformance`);
    const loaded = await page.waitForFunction(() => Reflect.get(globalThis, "conformanceLoaded"));
    const fault = await loaded.jsonValue();
    if (fault !== "yes") throw new Error(`the runner's page: ${fault}`);
    const setup: Setup = { modules: this.#modules(), workers: this.#options.workers };
    await page.evaluate(
      (setup) => (globalThis as unknown as { conformance: PageSide }).conformance.setUp(setup),
      setup,
    );
    return page;
  }

  /** The root, and the subpaths that package.json exports: "./nn" is made from src/nn.ts. */
  #modules(): Record<string, string> {
    const text = readFileSync(join(this.#options.root, "package.json"), "utf8");
    const { exports } = JSON.parse(text) as { exports: Record<string, { types: string }> };
    const subpaths = Object.entries(exports).filter(([name]) => name !== ".");
    const modules = subpaths.map(([name, { types }]) => [
      name.replace("./", ""),
      types.replace("./dist/types/", "/src/").replace(/\.d\.ts$/, ".ts"),
    ]);
    return { ...Object.fromEntries(modules), "": this.#options.api };
  }

  /** A page that hangs cannot be asked for its counters; then they are lost with it. */
  async #dropPage(): Promise<void> {
    const page = this.#page;
    this.#page = null;
    if (!page) return;
    const asked = page
      .evaluate(() => (globalThis as unknown as { conformance: PageSide }).conformance.counters())
      .catch(() => null);
    const waited = new Promise<null>((resolve) => setTimeout(resolve, 2000, null));
    const counters = await Promise.race([asked, waited]);
    if (counters) this.counters.push(counters);
    await page.close();
  }
}

/** What one run of the page has said so far, and how long it has been silent. */
class Listener {
  readonly outcomes: Outcome[] = [];
  readonly underWay = new Set<string>();
  /** Resolves, with the reason, when nothing more is to be expected. */
  readonly broken: Promise<Error>;
  readonly giveUp: (reason: string) => void;
  readonly #silence: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(silence: number) {
    let giveUp: (reason: Error) => void;
    this.broken = new Promise((resolve) => {
      giveUp = resolve;
    });
    this.giveUp = (reason) => giveUp(new Error(reason));
    this.#silence = silence;
    this.#heard();
  }

  started(ids: readonly string[]): void {
    this.#heard();
    for (const id of ids) this.underWay.add(id);
  }

  finished(done: readonly Outcome[]): void {
    this.#heard();
    this.outcomes.push(...done);
    for (const { id } of done) this.underWay.delete(id);
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #heard(): void {
    clearTimeout(this.#timer);
    const text = `nothing was heard for ${this.#silence / 1000} s`;
    this.#timer = setTimeout(() => this.giveUp(text), this.#silence);
  }
}

/** Serves the page, and the corpus' files unpacked. */
function corpusServer(folder: string): Plugin {
  const page =
    `<!doctype html><meta charset="utf-8"><title>conformance</title>` +
    `<script type="module">import("/tests/conformance/page.ts").then(() => "yes", String)` +
    `.then((loaded) => { globalThis.conformanceLoaded = loaded; });</script>`;
  return {
    name: "conformance:corpus",
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const { pathname } = new URL(request.url ?? "/", "http://localhost");
        const isPage = pathname === "/conformance";
        if (!isPage && !pathname.startsWith("/corpus/")) return next();
        for (const [name, value] of Object.entries(server.config.server.headers ?? {})) {
          if (value !== undefined) response.setHeader(name, value);
        }
        response.setHeader("Content-Type", isPage ? "text/html" : "application/json");
        response.end(
          isPage ? page : readPart(folder, decodeURIComponent(pathname.slice("/corpus/".length))),
        );
      });
    },
  };
}
