import { afterEach, describe, expect, test, vi } from "vitest";
import { capabilities } from "../../src/runtime/capabilities.ts";
import { openPool } from "../../src/runtime/pool.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("capabilities", () => {
  test("are full in Node", () => {
    const { cores, ...rest } = capabilities();
    expect(rest).toEqual({ threads: true, isolated: true, reason: null, node: true });
    expect(cores).toBeGreaterThanOrEqual(1);
  });

  test("name the headers a page lacks", async () => {
    vi.stubGlobal("crossOriginIsolated", false);
    const { threads, isolated, reason } = capabilities();
    expect({ threads, isolated }).toEqual({ threads: false, isolated: false });
    expect(reason).toContain("Cross-Origin-Opener-Policy: same-origin\n");
    expect(reason).toContain("Cross-Origin-Embedder-Policy: require-corp");
    await expect(openPool()).rejects.toThrow("openPool: wanted threads: the page is not cross-");
  });

  test("name an insecure address before the headers, which would not help there", () => {
    vi.stubGlobal("isSecureContext", false);
    vi.stubGlobal("crossOriginIsolated", false);
    expect(capabilities().reason).toContain("https");
  });

  test("name a missing SharedArrayBuffer", () => {
    vi.stubGlobal("SharedArrayBuffer", undefined);
    vi.stubGlobal("crossOriginIsolated", true);
    expect(capabilities().reason).toBe("this host has no SharedArrayBuffer");
  });
});
