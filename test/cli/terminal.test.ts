import { describe, expect, test } from "vitest";
import { endReason, openTerminal, READER_GONE } from "../../src/cli/terminal.ts";
import { FakeStream } from "../support/command-world.ts";

const redact = (text: string) => text.replaceAll("secret", "[key]");
const open = (stream: FakeStream, env: Record<string, string> = {}, onGone?: (error: NodeJS.ErrnoException) => void) =>
  openTerminal(stream, { env, redact, ...(onGone && { onGone }) });
const painted = (columns: number | undefined, env: Record<string, string>) =>
  open(new FakeStream(columns), env).paint("red", "text") !== "text";

describe("a terminal", () => {
  test("shows colours to people, and to others only where they are forced", () => {
    expect(painted(80, {})).toBe(true);
    expect(painted(undefined, {})).toBe(false);
    expect(painted(80, { NO_COLOR: "1" })).toBe(false);
    expect(painted(80, { NO_COLOR: "" })).toBe(true);
    expect(painted(80, { TERM: "dumb" })).toBe(false);
    expect(painted(undefined, { FORCE_COLOR: "1" })).toBe(true);
    expect(painted(undefined, { FORCE_COLOR: "" })).toBe(true);
    expect(painted(80, { FORCE_COLOR: "0" })).toBe(false);
    expect(painted(80, { FORCE_COLOR: "1", NO_COLOR: "1" })).toBe(true);
  });

  test("is as wide as it says now, or else as others are", () => {
    expect(open(new FakeStream(40)).columns).toBe(40);
    expect(open(new FakeStream(0)).columns).toBe(80);
    expect(open(new FakeStream(undefined), { COLUMNS: "120" }).columns).toBe(120);
  });

  test("draws lines again only where the cursor moves", () => {
    expect(open(new FakeStream(80)).canRedraw).toBe(true);
    expect(open(new FakeStream(80), { TERM: "dumb" }).canRedraw).toBe(false);
    expect(open(new FakeStream(undefined)).canRedraw).toBe(false);
  });

  test("takes the key out of what goes to it", async () => {
    const stream = new FakeStream();
    await open(stream).line("the secret");
    expect(stream.text).toBe("the [key]\n");
  });

  test("lets its writer wait until there is room", async () => {
    const stream = new FakeStream();
    const terminal = open(stream);
    stream.hasRoom = false;
    let isDone = false;
    const writing = terminal.line("one").then(() => {
      isDone = true;
    });
    await Promise.resolve();
    expect(isDone).toBe(false);
    stream.emit("drain");
    await writing;
    expect(isDone).toBe(true);
  });

  test("listens once to a stream without room, however many write to it", async () => {
    const stream = new FakeStream();
    const terminal = open(stream);
    const before = stream.listening;
    stream.hasRoom = false;
    const writing = Promise.all(Array.from({ length: 20 }, (_, n) => terminal.line(`${n}`)));
    expect(stream.listening).toBe(before + 2);
    stream.emit("drain");
    await writing;
    expect(stream.listening).toBe(before);
  });

  test("says once that its reader has gone, ends the wait for room, and drops the rest", async () => {
    const stream = new FakeStream();
    const codes: (string | undefined)[] = [];
    const terminal = open(stream, {}, ({ code }) => codes.push(code));
    stream.hasRoom = false;
    const writing = terminal.line("one");
    stream.emit("error", "EPIPE");
    await writing;
    stream.emit("error", "EPIPE");
    await terminal.line("two");
    expect(codes).toEqual(["EPIPE"]);
    expect(stream.lines).toEqual(["one"]);
  });
});

test("the reason of a command's signal is a word", () => {
  const ending = new AbortController();
  expect(endReason(ending.signal)).toBeUndefined();
  ending.abort(new DOMException(READER_GONE, "AbortError"));
  expect(endReason(ending.signal)).toBe(READER_GONE);
});
