import { expect, test } from "vitest";
import { createRedact, redactValue } from "../../src/shared/redact.ts";
import { plainText } from "../../src/shared/text.ts";
import { formsOf, KEYS } from "../support/key-forms.ts";

/** Where a key may stand in a text; each place has to stay what it is around it. */
const PLACES: Record<string, (form: string) => string> = {
  alone: (form) => form,
  sentence: (form) => `The API refused the key ${form}, and that is that.`,
  quoted: (form) => `there is no command "${form}"`,
  header: (form) => `x-api-key: ${form}`,
  address: (form) => `https://api.exa.ai/websets/v0/events?key=${form}&limit=5`,
  userinfo: (form) => `https://user:${form}@proxy.example:8080/`,
  "json value": (form) => JSON.stringify({ before: "b\n", key: form, after: "\ta" }),
  "json name": (form) => JSON.stringify({ before: 1, [form]: 2 }),
  "json in json": (form) => JSON.stringify({ content: [{ text: JSON.stringify({ key: [`\n${form}\\`] }) }] }),
  stack: (form) => `Error: no ${form}\n    at file:///x/${form}.js:5:10`,
};

test("there are 60 forms and 10 places", () => {
  for (const key of KEYS) expect(Object.keys(formsOf(key))).toHaveLength(60);
  expect(new Set(Object.values(formsOf(KEYS[1]))).size).toBeGreaterThan(50);
  expect(Object.keys(PLACES)).toHaveLength(10);
});

for (const key of KEYS) {
  const redact = createRedact(key);
  test.each(Object.entries(formsOf(key)))(`the key ${key} is taken out as: %s`, (name, form) => {
    for (const [place, put] of Object.entries(PLACES)) {
      const text = put(form);
      const redacted = redact(text);
      expect(redacted, place).not.toContain(form);
      expect(redacted, place).toContain("[key]");
      const around = put("\0").replaceAll("\\u0000", "\0").split("\0");
      expect(redacted.startsWith(around[0]?.slice(0, 10) ?? ""), place).toBe(true);
      expect(redacted.endsWith(around.at(-1)?.slice(-3) ?? ""), place).toBe(true);
      if (place.startsWith("json") && !form.endsWith("\\")) {
        expect(() => JSON.parse(redacted), `${place}: ${redacted}`).not.toThrow();
      }
    }
    // What is left of the form is less than half of it; in the middle of Base64 that is the text around.
    const left = redact(form).replaceAll("[key]", "");
    if (name !== "base64 in the middle") expect(left.length, left).toBeLessThan(form.length / 2);
  });
}

test("what is cut keeps less than half a key", () => {
  const [key] = KEYS;
  const redact = createRedact(key);
  for (let length = 1; length < key.length; length++) {
    const cut = redact(plainText(`${"x".repeat(20)} ${key}`, 21 + length));
    expect(cut.includes(key.slice(0, Math.ceil(key.length / 2)))).toBe(false);
  }
});

test("an escape before the key keeps its letter, so that JSON stays JSON", () => {
  const redact = createRedact("nothing-but-a-canary");
  for (const text of ["\nothing-but-a-canary", "\\nothing-but-a-canary", "\n\nothing-but-a-canary"]) {
    const redacted = redact(JSON.stringify({ text }));
    expect(redacted).toContain("[key]");
    expect(() => JSON.parse(redacted)).not.toThrow();
  }
});

test("without a key, and with one that is a word, texts stay as they are", () => {
  const text = "the sandbox has the key sandbox";
  for (const key of [undefined, "", "sandbox", "a"]) expect(createRedact(key)(text)).toBe(text);
});

test("other texts stay as they are", () => {
  for (const key of KEYS) {
    const redact = createRedact(key);
    for (const text of [
      "",
      "websets-events-mcp info: GET /websets/v0/events?limit=25 200 in 5 ms",
      "4b1d7c9e-0000-4c1f-0000-c0ffee000000",
      Buffer.from("something else of some length").toString("base64"),
      "eyJzIjoiMjAyNi0xMS0wMVQxMjowMDowMC4wMDBaIiwieCI6WyJldnRfMSJdfQ",
      "日本語のテキスト 🎉 \u200d",
      "\\".repeat(2000),
      "%25".repeat(2000),
      `&${"amp;".repeat(2000)}`,
    ]) {
      expect(redact(text)).toBe(text);
    }
  }
});

test("a server of a thousand keys has room for them all", () => {
  const keys = Array.from({ length: 1_000 }, (_, n) => `6f0a1b2c-0000-4000-8000-${String(n).padStart(12, "0")}`);
  const redacts = keys.map((key) => createRedact(key));
  const text = JSON.stringify({ keys });
  // As regular expressions these would not fit into what Node keeps for code.
  for (const [n, redact] of redacts.entries())
    expect(redact(`a ${keys[n]} b ${text.slice(0, 200)}`)).toMatch(/^a \[key\] b /);
});

test("a value is redacted in its texts and names, and keeps everything else", () => {
  const [key] = KEYS;
  const value = { a: [key, 1, null, true], [key]: { b: `x ${key} y` } };
  expect(redactValue(value, createRedact(key))).toEqual({
    a: ["[key]", 1, null, true],
    "[key]": { b: "x [key] y" },
  });
});
