import { describe, expect, test } from "vitest";
import { createFaults, FAULTS, FAULTS_GRAMMAR, parseFaults } from "../../../src/sandbox/faults.ts";

const request = (url: string) => ({ method: "GET", url, path: url, query: new URLSearchParams(), headers: {} });

describe("the text of --faults", () => {
  test("names faults, and when they strike", () => {
    expect(
      parseFaults("rate-limited:0.1, reset:3x,html-502:once:0.5,,unauthorized:from-20,no-date,error-500:at-3"),
    ).toEqual([
      { name: "rate-limited", rate: 0.1 },
      { name: "reset", times: 3 },
      { name: "html-502", times: 1, rate: 0.5 },
      { name: "unauthorized", from: 20 },
      { name: "no-date" },
      { name: "error-500", from: 3, times: 1 },
    ]);
    expect(parseFaults("")).toEqual([]);
  });

  test("keeps a fault to requests whose path and query contain a text", () => {
    const [rule] = parseFaults("error-503@types=webset.idle:once");
    expect(rule?.times).toBe(1);
    expect(rule?.when?.(request("/websets/v0/events?types=webset.idle"))).toBe(true);
    expect(rule?.when?.(request("/websets/v0/events"))).toBe(false);
  });

  test("takes every fault there is by its name", () => {
    const text = FAULTS.map(({ name }) => name).join();
    expect(parseFaults(text).map(({ name }) => name)).toEqual(FAULTS.map(({ name }) => name));
  });

  test.each([
    ["rate-limted:0.1", 'there is no fault "rate-limted" in "rate-limted:0.1"; the nearest is rate-limited'],
    ["reset,HTML502", 'there is no fault "HTML502"; the nearest is html-502'],
    ["reset:1.5", '"1.5" in "reset:1.5" must be a chance from 0 to 1'],
    ["reset:0x", '"0x" in "reset:0x" must be a chance from 0 to 1'],
    ["reset:", '"" in "reset:" must be a chance from 0 to 1'],
    ["reset@:once", "a text must follow the @"],
    ["clock-fast:0.5", "clock-fast is there or is not"],
    ["late-events@/events", "late-events does not strike requests"],
  ])("%s is refused in words that help", (text, message) => {
    expect(() => parseFaults(text)).toThrow(RangeError);
    expect(() => parseFaults(text)).toThrow(message);
  });

  test("is explained by an example that holds", () => {
    const example = FAULTS_GRAMMAR.split("Example: ")[1] ?? "";
    expect(createFaults({ rules: parseFaults(example) }).happened).toEqual({});
    expect(parseFaults(example)).toHaveLength(3);
  });
});

test("every fault has a name and a line for help", () => {
  expect(new Set(FAULTS.map(({ name }) => name)).size).toBe(FAULTS.length);
  for (const { name, description } of FAULTS) {
    expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    expect(description).toMatch(/^[^\n]{10,95}$/);
  }
});
