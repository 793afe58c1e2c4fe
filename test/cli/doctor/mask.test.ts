import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readIdForm } from "../../../src/cli/doctor/id-forms.ts";
import { type KnownWords, loadKnownWords, Mask, TOLD_START } from "../../../src/cli/doctor/mask.ts";
import { EVENT_TYPES } from "../../../src/exa/event-types.ts";
import { propertyRuns, propertyTimeout } from "../../support/property-runs.ts";
import { chanceOf, leaksOf, upstreamEntry } from "./leaks.ts";

const STARTED = Date.parse("2026-11-27T14:00:00.250Z");
const RUNS = 400;

const words: KnownWords = await loadKnownWords();
const maskOf = (seed = 1) => new Mask({ words, startedAt: STARTED, random: chanceOf(seed) });

describe("the words of the API", () => {
  test("are those of its schemas", () => {
    expect(words.values.get("status")).toContain("idle");
    expect(words.values.get("canceledReason")).toContain("out_of_credits");
    expect(words.values.get("type")).toContain("webset.idle");
    expect(words.values.get("type")).toContain("company");
    expect(words.fields).toContain("timeLeft");
    for (const { type } of EVENT_TYPES) expect(words.values.get("type")).toContain(type);
  });

  test("are none that a user or the web can choose", () => {
    for (const field of ["query", "title", "name", "description", "externalId", "url", "reasoning", "result"]) {
      expect([...(words.values.get(field) ?? [])], field).toEqual([]);
    }
  });
});

describe("what is told in the place of what the API said", () => {
  test("holds none of its text, whatever it says", { timeout: propertyTimeout(RUNS) }, () => {
    fc.assert(
      fc.property(fc.array(upstreamEntry(words), { maxLength: 6 }), fc.nat(), (entries, seed) => {
        const told = JSON.stringify(maskOf(seed).value(entries));
        expect(leaksOf(entries, told, words)).toEqual([]);
      }),
      propertyRuns(RUNS),
    );
  });

  test("is the same for the same, and another for another", { timeout: propertyTimeout(RUNS) }, () => {
    const text = fc.oneof(fc.string({ minLength: 1 }), fc.webUrl(), fc.emailAddress(), fc.uuid());
    fc.assert(
      fc.property(text, text, fc.constantFrom("title", "id", "nextCursor"), (one, other, field) => {
        const mask = maskOf();
        const [first, second] = [mask.value(one, field), mask.value(other, field)];
        expect(mask.value(one, field)).toBe(first);
        expect(first === second).toBe(one === other);
      }),
      propertyRuns(RUNS),
    );
  });

  test("has the shape that was there", () => {
    const told = maskOf().value({
      id: "event_01kaq1256mfqb7hzhq4a12vn51",
      type: "webset.search.updated",
      createdAt: "2026-11-27T13:59:00.250Z",
      data: {
        object: "webset_search",
        status: "running",
        query: "makers of very secret kites",
        progress: { found: 3, completion: 12.5, timeLeft: null },
        verdict: "good",
        metadata: { owner: "ada@lovelace.example", count: 77_123 },
        url: "https://kites.example/a?b=c",
        externalId: "suppliers-of-ada",
      },
    });
    expect(told).toEqual({
      id: expect.stringMatching(/^event_[0-9a-z]{26}$/),
      type: "webset.search.updated",
      createdAt: "2025-12-31T23:59:00.250Z",
      data: {
        object: "webset_search",
        status: "running",
        query: "Text 1, up to 32 characters",
        progress: { found: 3, completion: 12.5, timeLeft: null },
        unknownField1: "Text 2, up to 4 characters",
        metadata: { unknownField2: "person-3@mail.example", count: 1 },
        url: "https://www.site-4.example/page",
        externalId: "Text 5, up to 16 characters",
      },
    });
  });

  test("is no word of the API's that stands where it has another meaning", () => {
    expect(maskOf().value({ status: "company", title: "completed" })).toEqual({
      status: "Text 1, up to 8 characters",
      title: "Text 2, up to 16 characters",
    });
  });
});

describe("an id", () => {
  test.each([
    ["a ULID", "webset_01kaq1256mfqb7hzhq4a12vn51"],
    ["a ULID in capitals", "01KAQ1256MFQB7HZHQ4A12VN51"],
    ["a cuid", "wenrich_cmi8x2k5a0001qy01h3k2j4l5"],
    ["a UUID of chance", "3f0c6c5e-77a4-4b1d-9c0e-0a1b2c3d4e5f"],
    ["a UUID that begins with the time", "019a8f3e-1c2d-7abc-8def-0123456789ab"],
    ["digits", "evt_1234567890123"],
    ["hexadecimal digits", "event_0a1b2c3d4e5f60718293"],
  ])("that is %s keeps its form, its prefix and how far its time lies back", (_, id) => {
    const told = maskOf().id(id);
    const [was, is] = [readIdForm(id), readIdForm(told)];
    expect(told).not.toContain(was.bare);
    expect([is.prefix, is.kind, is.bare.length]).toEqual([was.prefix, was.kind, was.bare.length]);
    if (was.time !== undefined) {
      expect((is.time ?? 0) - TOLD_START).toBe(was.time - Math.floor(STARTED / 1_000) * 1_000);
    }
  });

  test("is the same as cursor, without its prefix", () => {
    const mask = maskOf();
    const told = mask.value({ id: "event_01kaq1256mfqb7hzhq4a12vn51", nextCursor: "01kaq1256mfqb7hzhq4a12vn51" });
    const { id, nextCursor } = told as Record<string, string>;
    expect(id).toBe(`event_${nextCursor}`);
  });

  test("is told from others also where the same number of characters allows few", () => {
    const mask = maskOf();
    const told = Array.from({ length: 10 }, (_, digit) => mask.id(String(digit)));
    expect(new Set(told).size).toBe(10);
    for (const [digit, one] of told.entries()) expect(one).not.toBe(String(digit));
  });

  test("has its word replaced where nobody knows it", () => {
    expect(maskOf().id("acmecorp_01kaq1256mfqb7hzhq4a12vn51")).toMatch(/^(?!acmecorp)[a-z]{8}_[0-9a-z]{26}$/);
  });

  test("that is a number stays one, of as many digits", () => {
    const told = maskOf().value({ id: 48_213 }) as { id: number };
    expect(String(told.id)).toMatch(/^[1-9]\d{4}$/);
    expect(told.id).not.toBe(48_213);
  });
});

describe("a time", () => {
  test.each([
    ["2026-11-27T14:00:00.250Z", "2026-01-01T00:00:00.250Z"],
    ["2026-11-27T14:00:00Z", "2026-01-01T00:00:00Z"],
    ["2026-11-27T13:00:00.123456Z", "2025-12-31T23:00:00.123456Z"],
    ["2026-11-27T16:00:00+02:00", "2026-01-01T02:00:00+02:00"],
    ["2026-11-28", "2026-01-01"],
  ])("as %s keeps its notation and its distance", (time, told) => {
    expect(maskOf().value({ createdAt: time })).toEqual({ createdAt: told });
  });

  test("that cannot be read keeps its kinds of characters alone", () => {
    const { createdAt } = maskOf().value({ createdAt: "27. Nov 2026" }) as { createdAt: string };
    expect(createdAt).toMatch(/^\d\d\.-[A-Z][a-z]{2}-\d{4}$/);
    expect(createdAt).not.toContain("Nov");
  });

  test("in seconds or milliseconds is moved as well", () => {
    const second = Math.floor(STARTED / 1_000);
    expect(maskOf().value({ createdAt: second - 60, updatedAt: STARTED })).toEqual({
      createdAt: TOLD_START / 1_000 - 60,
      updatedAt: TOLD_START + 250,
    });
  });

  test("that the web tells is a text like others: it may be a birthday", () => {
    expect(
      maskOf().value({ properties: { born: "1815-12-10", createdAt: "1815-12-10", completedAt: STARTED } }),
    ).toEqual({
      properties: {
        unknownField1: "Text 1, up to 16 characters",
        createdAt: "Text 1, up to 16 characters",
        completedAt: 1,
      },
    });
  });
});
