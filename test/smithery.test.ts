import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { readConfig } from "../src/config.ts";
import { listedTools } from "./support/listed-tools.ts";

interface Smithery {
  name: string;
  target: string;
  startCommand: {
    type: string;
    configSchema: { properties: { pollInterval: { minimum: number; maximum: number; default: number } } };
    commandFunction: string;
    exampleConfig: object;
  };
}

const root = join(import.meta.dirname, "..");
const smithery: Smithery = parse(readFileSync(join(root, "smithery.yaml"), "utf8"));
const { type, configSchema, commandFunction, exampleConfig } = smithery.startCommand;

/** What Smithery would run for a user's settings; it evaluates the function in the same way, as text. */
function commandFor(config: object): { command: string; args: string[]; env: Record<string, string> } {
  const command = runInNewContext(`(${commandFunction})(config)`, { config });
  return JSON.parse(JSON.stringify(command));
}

describe("smithery.yaml", () => {
  test("has the fields that Smithery knows", () => {
    expect(Object.keys(smithery)).toEqual(["name", "target", "startCommand"]);
    expect(Object.keys(smithery.startCommand)).toEqual(["type", "configSchema", "commandFunction", "exampleConfig"]);
    // Smithery's own rule for the name of a server.
    expect(smithery.name).toMatch(/^[a-zA-Z][a-zA-Z0-9-_]{2,38}$/);
    expect(smithery.target).toBe("local");
    expect(type).toBe("stdio");
  });

  test("asks for the key, and lets the rest be left out", () => {
    const valid = new Ajv({ strict: true }).compile(configSchema);
    expect(valid(exampleConfig)).toBe(true);
    expect(valid({ exaApiKey: "key" })).toBe(true);
    expect(valid({})).toBe(false);
    expect(valid({ exaApiKey: "key", pollInterval: 0.1 })).toBe(false);
    expect(valid({ exaApiKey: "key", apiKey: "misspelt" })).toBe(false);
  });

  test("keeps its schema within Smithery's limits of 20 fields and 1 KB", () => {
    expect(Object.keys(configSchema.properties).length).toBeLessThanOrEqual(20);
    expect(Buffer.byteLength(JSON.stringify(configSchema))).toBeLessThanOrEqual(1_000);
  });

  test("passes the key in the environment and never as an argument", () => {
    expect(commandFor({ exaApiKey: "key", pollInterval: 0.5 })).toEqual({
      command: "node",
      args: ["dist/cli.js"],
      env: { EXA_API_KEY: "key", WEBSETS_EVENTS_POLL_INTERVAL: "0.5" },
    });
    expect(commandFor({}).env).toEqual({});
  });

  test("uses variables and a range that the server accepts", () => {
    const { apiKey, pollInterval } = readConfig({}, commandFor({ exaApiKey: "key", pollInterval: 0.5 }).env);
    expect({ apiKey, pollInterval }).toEqual({ apiKey: "key", pollInterval: 0.5 });
    const { minimum, maximum, default: byDefault } = configSchema.properties.pollInterval;
    expect(readConfig({}, {}).pollInterval).toBe(byDefault);
    for (const pollInterval of [minimum, maximum]) {
      expect(readConfig({}, commandFor({ pollInterval }).env).pollInterval).toBe(pollInterval);
    }
  });

  test("starts the built server", async () => {
    expect(await listedTools(commandFor(exampleConfig), root)).toContain("wait_for_webset");
  });
});
