import { expect, test } from "vitest";
import { eventTime, parseEvent, parseEventPage, parseTime } from "../../src/exa/event.ts";

const good = {
  id: "evt_1",
  object: "event",
  type: "webset.idle",
  createdAt: "2026-11-01T12:00:00.000Z",
  data: { id: "ws_1" },
};

test("an event keeps every field, known or not", () => {
  const sent = { ...good, type: "webset.exploded", region: "eu", data: { id: "ws_1", nested: { extra: [1] } } };
  expect(parseEvent(sent)).toEqual(sent);
});

test("data of any shape, or none, is no reason to refuse an event", () => {
  for (const data of [null, undefined, "text", 7, [], { id: 5 }]) {
    expect(parseEvent({ ...good, data }).id).toBe("evt_1");
  }
  const { data: _, ...without } = good;
  expect(parseEvent(without).data).toBeUndefined();
});

test.each([
  ["no id", { ...good, id: undefined }],
  ["an empty id", { ...good, id: "" }],
  ["a number for an id that is not whole", { ...good, id: 4.5 }],
  // JavaScript cannot tell such a number from its neighbours.
  ["a number for an id that lost digits", { ...good, id: 2 ** 53 }],
  ["no type", { ...good, type: undefined }],
  ["an empty type", { ...good, type: "" }],
  ["no createdAt", { ...good, createdAt: undefined }],
  ["a createdAt that is no time", { ...good, createdAt: "yesterday 5" }],
  ["a createdAt that could be any count", { ...good, createdAt: 179353440000 }],
  ["a createdAt on a day that no calendar has", { ...good, createdAt: "20260230T120000Z" }],
  ["a createdAt without a time of day in digits alone", { ...good, createdAt: "20261101" }],
  ["a createdAt that is half basic and half extended", { ...good, createdAt: "2026-1101T12:00:00Z" }],
  ["null in its place", null],
  ["a text in its place", "evt_1"],
])("an event with %s is counted as malformed and does not lose its page", (_, malformed) => {
  const page = parseEventPage({ data: [good, malformed, { ...good, id: "evt_2" }], hasMore: false, nextCursor: null });
  expect(page.events.map(({ id }) => id)).toEqual(["evt_1", "evt_2"]);
  expect(page.malformed).toBe(1);
  expect(() => parseEvent(malformed)).toThrow(expect.objectContaining({ kind: "unexpected_response" }));
});

test.each([
  [
    { hasMore: true, nextCursor: "c" },
    { hasMore: true, nextCursor: "c" },
  ],
  [
    { hasMore: false, nextCursor: null },
    { hasMore: false, nextCursor: null },
  ],
  [
    { hasMore: true, nextCursor: null },
    { hasMore: true, nextCursor: null },
  ],
  [
    { hasMore: true, nextCursor: "" },
    { hasMore: true, nextCursor: null },
  ],
  [{ nextCursor: "c" }, { hasMore: true, nextCursor: "c" }],
  [{}, { hasMore: false, nextCursor: null }],
  [
    { hasMore: "yes", nextCursor: 3 },
    { hasMore: false, nextCursor: null },
  ],
])("a page's envelope %j reads as %j", (sent, read) => {
  expect(parseEventPage({ data: [], ...sent })).toEqual({ events: [], malformed: 0, ...read });
});

test.each([[null], ["<html>"], [[]], [{}], [{ data: null }], [{ data: {} }], [{ error: "x", message: "y" }]])(
  "%j is no page of events",
  (json) => {
    expect(() => parseEventPage(json)).toThrow(expect.objectContaining({ kind: "unexpected_response" }));
  },
);

test("a time without a zone is UTC, wherever this machine stands", () => {
  const noon = Date.UTC(2026, 10, 1, 12);
  expect(parseTime("2026-11-01T12:00:00Z")).toBe(noon);
  expect(parseTime("2026-11-01T12:00:00")).toBe(noon);
  expect(parseTime("2026-11-01 12:00:00")).toBe(noon);
  expect(parseTime("2026-11-01T13:00:00+01:00")).toBe(noon);
  expect(parseTime("2026-11-01T12:00:00.123456Z")).toBe(noon + 123);
  expect(parseTime("2026-11-01")).toBe(Date.UTC(2026, 10, 1));
});

test("what Date.parse would guess at is no time", () => {
  for (const text of ["", "5", "1793534400000", "Nov 1, 2026", "2026-13-01T00:00:00Z", "2026-11-01T25:00:00Z"]) {
    expect(parseTime(text), text).toBeUndefined();
  }
});

test("an event's time is that of its createdAt", () => {
  expect(eventTime(parseEvent(good))).toBe(Date.UTC(2026, 10, 1, 12));
});

const NOON = Date.UTC(2026, 10, 1, 12);
test.each<[string | number, number]>([
  ["2026-11-01 12:00:00.123Z", NOON + 123],
  ["2026-11-01t12:00:00z", NOON],
  ["2026-11-01T12:00:00,123Z", NOON + 123],
  ["2026-11-01T12:00:00.123456789012345Z", NOON + 123],
  ["20261101T120000Z", NOON],
  ["20261101T120000.5Z", NOON + 500],
  ["20261101T1200Z", NOON],
  ["20261101120000Z", NOON],
  ["2026-11-01T14:00:00+02", NOON],
  ["20261101T140000+0200", NOON],
  ["2026-11-01 12:00:00 +00:00", NOON],
  ["2026-11-01 12:00:00 UTC", NOON],
  ["2026-11-01T10:00:00\u221202:00", NOON],
  ["2026-11-01T13:00:00+01:00[Europe/Berlin]", NOON],
  ["2026-11-01T11:59:60Z", NOON],
  [" 2026-11-01T12:00:00Z ", NOON],
  [NOON, NOON],
  [NOON / 1_000, NOON],
  [NOON / 1_000 + 0.25, NOON + 250],
  [String(NOON), NOON],
  [String(NOON / 1_000), NOON],
])("a createdAt of %j is read, and told as a time that callers can pass on", (createdAt, time) => {
  const event = parseEvent({ ...good, createdAt });
  expect(eventTime(event)).toBe(time);
  expect(parseTime(event.createdAt)).toBe(time);
});

test("an id that is a number is the text of its digits", () => {
  expect(parseEvent({ ...good, id: 4 }).id).toBe("4");
  expect(parseEvent({ ...good, id: Number.MAX_SAFE_INTEGER }).id).toBe("9007199254740991");
});
