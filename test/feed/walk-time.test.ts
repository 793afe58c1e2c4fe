import { describe, expect, test } from "vitest";
import { WalkTime } from "../../src/feed/walk-time.ts";

const NOON = Date.parse("2026-11-01T12:00:00.000Z");

describe("the upstream's time when a walk began", () => {
  const page = (sentAt: number, receivedAt: number, serverTime: number | undefined, ...times: number[]) => ({
    sentAt,
    receivedAt,
    serverTime,
    events: times.map((time) => ({ time })),
  });

  test("is that of its first page, whatever comes later", () => {
    const time = new WalkTime();
    expect(time.present).toBeUndefined();
    time.note(page(1_000, 1_200, NOON));
    expect(time.serverTime).toBe(NOON - 200);
    // Ten seconds of retries between two pages make nothing settled that the first page did not show.
    time.note(page(11_000, 11_200, NOON + 10_000));
    expect(time.serverTime).toBe(NOON - 200);
    expect(time.sentAt).toBe(1_000);
  });

  test("is known better by the page that came fastest", () => {
    const time = new WalkTime();
    time.note(page(0, 5_000, NOON));
    time.note(page(5_000, 5_010, NOON));
    expect(time.serverTime).toBe(NOON - 5_000);
    time.note(page(5_010, 5_020, NOON + 4_000));
    expect(time.serverTime).toBe(NOON - 1_020);
  });

  test("without a Date comes from the newest event met, less what passed since the walk began", () => {
    const time = new WalkTime();
    time.note(page(0, 100, undefined, NOON - 50_000, NOON));
    expect(time.serverTime).toBeUndefined();
    expect(time.present).toBe(NOON - 100);
    time.note(page(20_000, 20_100, undefined, NOON + 10_000));
    expect(time.present).toBe(NOON - 100);
    time.note(page(20_100, 20_200, NOON + 20_000));
    expect(time.present).toBe(NOON - 200);
  });
});
