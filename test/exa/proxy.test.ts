import { expect, test } from "vitest";
import { proxyFor } from "../../src/exa/proxy.ts";
import type { WebsetsError } from "../../src/shared/errors.ts";

const api = new URL("https://api.exa.ai/websets/v0/events");
const PROXY = "http://proxy.example:8080";

const refusal = (httpsProxy: string): WebsetsError => {
  try {
    proxyFor(api, { httpsProxy });
  } catch (error) {
    return error as WebsetsError;
  }
  throw new Error("the proxy was accepted");
};

test.each([
  ["http://proxy.example:8080", "proxy.example:8080"],
  ["https://proxy.example", "proxy.example"],
  ["proxy.example:8080", "proxy.example:8080"],
  ["user:hunter2@proxy.example:8080", "proxy.example:8080"],
  ["http://[::1]:3128", "[::1]:3128"],
])("the proxy %s is one, and called by its host", (httpsProxy, host) => {
  expect(proxyFor(api, { httpsProxy })).toMatchObject({ name: `the proxy ${host}`, variable: "HTTPS_PROXY" });
});

test("each protocol has its own proxy; HTTPS without one takes that of HTTP", () => {
  const both = { httpsProxy: PROXY, httpProxy: "http://other.example" };
  expect(proxyFor(api, both)?.name).toBe("the proxy proxy.example:8080");
  expect(proxyFor(new URL("http://host.example"), both)?.name).toBe("the proxy other.example");
  expect(proxyFor(new URL("http://host.example"), { httpsProxy: PROXY })).toBeUndefined();
  expect(proxyFor(api, { httpProxy: PROXY })).toMatchObject({ variable: "HTTP_PROXY" });
  for (const none of [{}, { httpsProxy: "", httpProxy: "" }]) expect(proxyFor(api, none)).toBeUndefined();
});

test.each([
  "http://localhost:4010",
  "http://127.0.0.1",
  "http://127.0.0.2:4010",
  "http://127.255.255.254",
  "http://127.1",
  "http://2130706434",
  "http://[::1]:4010",
  "https://localhost",
])("%s stays on this machine", (url) => {
  expect(proxyFor(new URL(url), { httpsProxy: PROXY, httpProxy: PROXY, noProxy: "elsewhere" })).toBeUndefined();
});

test.each([
  ["*", true],
  ["other.example, *", true],
  ["api.exa.ai", true],
  ["API.EXA.AI", true],
  ["exa.ai", true],
  [".exa.ai", true],
  ["*.exa.ai", true],
  ["a,b exa.ai\tc", true],
  ["api.exa.ai:443", true],
  ["api.exa.ai:80", false],
  ["xa.ai", false],
  ["api.exa.ai.example", false],
  ["exa", false],
  [".", false],
  [",", false],
])("NO_PROXY=%s: whether api.exa.ai is reached directly is %s", (noProxy, isDirect) => {
  expect(proxyFor(api, { httpsProxy: PROXY, noProxy }) === undefined).toBe(isDirect);
});

test("addresses of either notation stand in NO_PROXY", () => {
  const direct = (url: string, noProxy: string) => proxyFor(new URL(url), { httpsProxy: PROXY, noProxy }) === undefined;
  expect(direct("https://[2001:db8::1]", "2001:db8::1")).toBe(true);
  expect(direct("https://[2001:db8::1]", "[2001:db8::1]")).toBe(true);
  expect(direct("https://[2001:db8::1]:8443", "[2001:db8::1]:443")).toBe(false);
  expect(direct("https://10.0.0.1", "10.0.0.1")).toBe(true);
});

test.each([
  ["http://user:pass@p.example", "user:pass"],
  ["http://user@p.example", "user:"],
  ["http://:pass@p.example", ":pass"],
  ["http://us%40er:p%3A%2Fs@p.example", "us@er:p:/s"],
  ["http://user:100%@p.example", "user:100%"],
  ["http://user:%ff%41@p.example", "user:%ff%41"],
])("the credentials of %s go to the proxy as %s", (httpsProxy, credentials) => {
  const expected = `Basic ${Buffer.from(credentials).toString("base64")}`;
  expect(proxyFor(api, { httpsProxy })?.authorization).toBe(expected);
});

test.each([
  ["socks5://user:hunter2@127.0.0.1:1080", "HTTPS_PROXY names a SOCKS proxy (127.0.0.1:1080), "],
  ["socks5h://localhost:1080", "HTTPS_PROXY names a SOCKS proxy (localhost:1080), "],
  ["socks://localhost", "HTTPS_PROXY names a SOCKS proxy (localhost), "],
  ["ftp://user:hunter2@proxy.example", "HTTPS_PROXY names a proxy that speaks ftp (proxy.example), "],
  ["http://user:hunter2@", "HTTPS_PROXY is not the URL of a proxy"],
  ["hunter2 hunter2", "HTTPS_PROXY is not the URL of a proxy"],
  ["file:///hunter2", "HTTPS_PROXY is not the URL of a proxy"],
  ["http://hunter2#x@proxy.example", "HTTPS_PROXY is not the URL of a proxy: in its user and password, # "],
  ["http://user:80/hunter2@proxy.example", "HTTPS_PROXY is not the URL of a proxy: in its user and password, # "],
  ["http://hunter2?x@proxy.example", "HTTPS_PROXY is not the URL of a proxy: in its user and password, # "],
  ["http://HUNTER2\\user:pass@proxy.example", "HTTPS_PROXY is not the URL of a proxy: in its user and password, # "],
  ["socks5://user:80#hunter2@proxy.example", "HTTPS_PROXY is not the URL of a proxy: in its user and password, # "],
])("%s is refused by the request that needs it, clearly and without its credentials", (text, message) => {
  const error = refusal(text);
  expect(error.kind).toBe("invalid_request");
  expect(error.message).toContain(message);
  expect(error.advice).toContain("NO_PROXY");
  expect(error.message).not.toContain("hunter2");
  expect(proxyFor(api, { httpsProxy: text, noProxy: "*" })).toBeUndefined();
});
