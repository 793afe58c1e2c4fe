import { expect, test } from "vitest";
import { tenantName } from "../../src/state/state.ts";

test("a tenant's name tells nothing of the key, and differs for each API", () => {
  const [key, api] = ["b5f1c2d0-0000-4000-8000-000000000001", new URL("https://api.exa.ai/")];
  const name = tenantName(key, api);
  expect(name).toMatch(/^[\w-]{43}$/);
  expect(tenantName(key, new URL("https://api.exa.ai/"))).toBe(name);
  expect(tenantName(key, new URL("http://127.0.0.1:8080/"))).not.toBe(name);
  expect(tenantName(`${key}x`, api)).not.toBe(name);
});
