import { describe, expect, test } from "vitest";
import { ConfigError } from "../../src/config.ts";
import { Guard } from "../../src/http/guard.ts";

const guard = (allowedHosts: string[] = [], allowedOrigins: string[] = []) =>
  new Guard({ allowedHosts, allowedOrigins });

describe("a Host", () => {
  test.each([
    ["127.0.0.1"],
    ["127.0.0.1:8787"],
    ["localhost:1"],
    ["LOCALHOST"],
    ["localhost."],
    ["[::1]:8787"],
    ["[0:0:0:0:0:0:0:1]"],
    ["127.9.8.7"],
  ])("of loopback is answered: %s", (host) => {
    expect(guard().allowsHost(host, "127.0.0.1")).toBe(true);
  });

  test.each([
    [undefined],
    [""],
    ["evil.example"],
    ["localhost.evil.example"],
    ["evil.example@localhost"],
    ["localhost/evil"],
    ["localhost, evil.example"],
    ["localhost:80:80"],
    ["localhost#"],
    ["10.0.0.8"],
    ["[::2]"],
    ["[::1"],
  ])("of elsewhere is not: %s", (host) => {
    expect(guard().allowsHost(host, "127.0.0.1")).toBe(false);
  });

  test.each([
    ["mcp.example.com", "mcp.example.com", true],
    ["mcp.example.com", "MCP.example.com:8443", true],
    ["mcp.example.com", "a.mcp.example.com", false],
    ["mcp.example.com:8443", "mcp.example.com:8443", true],
    ["mcp.example.com:8443", "mcp.example.com", false],
    ["mcp.example.com:80", "mcp.example.com", true],
    ["[fd00::8]", "[fd00:0:0::8]:99", true],
    ["websets_mcp", "websets_mcp:8787", true],
  ])("that %s allows: %s is %s", (allowed, host, expected) => {
    expect(guard([allowed]).allowsHost(host, "127.0.0.1")).toBe(expected);
  });

  test.each([
    ["10.0.0.8:8787", "10.0.0.8", true],
    ["10.0.0.8:8787", "::ffff:10.0.0.8", true],
    ["10.0.0.9:8787", "10.0.0.8", false],
    ["[fe80::1]:8787", "fe80::1%eth0", true],
    ["[fe80::2]:8787", "fe80::1", false],
  ])("that is the address it came in at is answered: %s at %s is %s", (host, address, expected) => {
    expect(guard().allowsHost(host, address)).toBe(expected);
  });

  test.each([["https://mcp.example.com"], ["a b"], ["*"], ["mcp.example.com/mcp"]])(
    "cannot be allowed as %s",
    (entry) => {
      expect(() => guard([entry])).toThrow(ConfigError);
    },
  );
});

describe("an Origin", () => {
  test.each([
    [undefined, true],
    ["http://localhost:6274", true],
    ["http://127.0.0.1", true],
    ["https://[::1]:1", true],
    ["null", false],
    ["", false],
    ["https://evil.example", false],
    ["https://localhost.evil.example", false],
    ["file://localhost", false],
    ["http://localhost:6274/path", false],
    ["http://a@localhost", false],
  ])("without any that is allowed: %s is %s", (origin, expected) => {
    expect(guard().allowsOrigin(origin)).toBe(expected);
  });

  test.each([
    ["https://app.example.com", "https://app.example.com", true],
    ["https://app.example.com/", "https://app.example.com", true],
    ["https://app.example.com", "http://app.example.com", false],
    ["https://app.example.com", "https://app.example.com:8443", false],
    ["app.example.com", "http://app.example.com:99", true],
    ["app.example.com", "https://b.app.example.com", false],
  ])("that %s allows: %s is %s", (allowed, origin, expected) => {
    expect(guard([], [allowed]).allowsOrigin(origin)).toBe(expected);
  });

  test.each([["ftp://a"], ["https://a/b"], ["a b"], ["*"]])("cannot be allowed as %s", (entry) => {
    expect(() => guard([], [entry])).toThrow(ConfigError);
  });
});
