import { describe, expect, onTestFinished, test } from "vitest";
import type { Transport } from "../../src/exa/http.ts";
import { TENANT_LIMITS } from "../../src/http/limits.ts";
import { Tenants } from "../../src/http/tenants.ts";
import { silentLog } from "../../src/shared/log.ts";
import { FakeClock } from "../support/fake-clock.ts";

const MINUTE_MS = 60_000;

/** Tenants whose API answers with a status. */
function opened({ status = 200, mostTenants = 100 } = {}) {
  const clock = new FakeClock();
  const transport: Transport = async () => ({
    status,
    headers: { "content-type": "application/json" },
    body: '{"data":[],"hasMore":false,"nextCursor":null}',
  });
  const tenants = new Tenants({
    config: {
      baseUrl: new URL("http://127.0.0.1:9"),
      pollInterval: 1,
      maxWait: undefined,
      noTasks: false,
      maxTaskWait: 3_600,
    },
    transport,
    clock,
    log: silentLog,
    limits: TENANT_LIMITS,
    closing: new AbortController().signal,
    mostTenants,
  });
  onTestFinished(() => tenants.close());
  const of = (apiKey: string) => tenants.of({ apiKey });
  /** Lets a key be used once. */
  async function use(apiKey: string) {
    const tenant = of(apiKey);
    const request = new Request("http://localhost/mcp", {
      method: "POST",
      headers: { accept: "application/json, text/event-stream", "content-type": "application/json" },
    });
    const call = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "list_websets", arguments: {} } };
    const response = await tenant?.handler.fetch(request, { parsedBody: call });
    await response?.text();
    return tenant;
  }
  return { clock, tenants, of, use };
}

describe("a tenant", () => {
  test("is the same for a key each time, and another for each other key", () => {
    const { of } = opened();
    expect(of("a")).toBe(of("a"));
    expect(of("a")).not.toBe(of("b"));
    expect(of("a")?.name).not.toContain("a".repeat(12));
  });

  test("is dropped when nobody has used it for 15 minutes, and not while somebody waits", async () => {
    const { clock, tenants, of, use } = opened();
    const [idle, busy] = [await use("idle"), await use("busy")];
    expect(idle?.keyIs).toBe("good");
    if (busy !== undefined) busy.held = 1;
    await clock.advance(14 * MINUTE_MS);
    expect(tenants.size).toBe(2);
    await clock.advance(2 * MINUTE_MS);
    expect([...tenants]).toEqual([busy]);
    expect(of("idle")).not.toBe(idle);
  });

  test("whose key has never worked is dropped after a minute", async () => {
    const { clock, tenants, use } = opened({ status: 401 });
    expect((await use("wrong"))?.keyIs).toBe("refused");
    await clock.advance(1.5 * MINUTE_MS);
    expect(tenants.size).toBe(0);
  });

  test("makes room for another: keys that never worked first, then those used longest ago, and none in use", async () => {
    const { clock, tenants, of, use } = opened({ mostTenants: 3 });
    const first = await use("first");
    await clock.advance(1_000);
    const second = await use("second");
    await clock.advance(1_000);
    of("never used");
    expect(of("another")).toBeDefined();
    expect([...tenants]).toEqual([first, second, of("another")]);
    if (first !== undefined) first.held = 1;
    of("yet another");
    expect([...tenants]).toEqual([first, second, of("yet another")]);
    for (const tenant of tenants) tenant.held = 1;
    expect(of("one too many")).toBeUndefined();
    expect(of("first")).toBe(first);
  });

  test("gives way to others where it has open streams alone and a key that has never worked", async () => {
    const { of, use, tenants } = opened({ mostTenants: 2 });
    const opens = (tenant: ReturnType<typeof of>) => Object.assign(tenant ?? {}, { held: 1, streams: 1 });
    const [good] = [opens(await use("good")), opens(of("any text"))];
    expect(of("another")).toBeDefined();
    expect([...tenants]).toEqual([good, of("another")]);
  });
});
