import {
  lstat,
  mkdtemp,
  open,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { type Entry, type Filter, StateFile, stateFolder } from "../../../src/cli/forward/state-file.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "forward-state-"));
  path = join(folder, "deep", "state.json");
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
});

const entry = (eventId: string, more: Partial<Entry> = {}): Entry => ({
  eventId,
  type: "webset.item.created",
  createdAt: "2026-11-01T12:00:00.000Z",
  websetId: "webset_1",
  ...more,
});
const item = (itemId: string, values: number): Partial<Entry> => ({ item: { itemId, values } });

async function openState(more: Partial<Parameters<typeof StateFile.open>[0]> = {}): Promise<StateFile> {
  const state = await StateFile.open({ path, account: "abc", filter: {}, wallTime: () => 1_700_000_000_000, ...more });
  onTestFinished(() => state.close());
  return state;
}

/** The file that a first run has left, in which one of two events is delivered. */
async function leaveOne(): Promise<string> {
  const state = await openState();
  const [first] = await state.accept("c1", [entry("e1"), entry("e2")]);
  await state.done(first as Entry);
  await state.close();
  return readFile(path, "utf8");
}

test("it begins empty, and nothing is written before something was read", async () => {
  const state = await openState();
  expect(state.cursor).toBeUndefined();
  expect(state.pending).toEqual([]);
  await expect(stat(path)).rejects.toThrow("ENOENT");
});

test("a link to it stays one, and leads to the file that is written", async () => {
  await leaveOne();
  const link = join(folder, "link.json");
  await symlink(path, link);
  const state = await openState({ path: link });
  expect(state.pending).toHaveLength(1);
  await state.accept("c2", []);
  expect((await lstat(link)).isSymbolicLink()).toBe(true);
  expect(JSON.parse(await readFile(path, "utf8")).cursor).toBe("c2");
  expect(state.path).toBe(await realpath(path));
});

test("the next run goes on with what is still to be delivered, in order", async () => {
  const state = await openState();
  const read = [entry("e1"), entry("e2", { websetId: "webset_2" }), entry("e3", item("witem_1", 2))];
  const [, second] = await state.accept("c1", read);
  await state.done(second as Entry);
  await state.accept("c2", [entry("e4")]);
  await state.close();
  const next = await openState();
  expect(next.cursor).toBe("c2");
  expect(next.pending).toEqual([read[0], read[2], entry("e4")]);
  expect(next.delivered).toBe(1);
});

test("each change is on disk when its promise resolves", async () => {
  const state = await openState();
  const entries = await state.accept(
    "c1",
    Array.from({ length: 20 }, (_, n) => entry(`e${n}`)),
  );
  await Promise.all(
    entries.map(async (one) => {
      await state.done(one);
      const { pending } = JSON.parse(await readFile(path, "utf8"));
      expect(pending).not.toContainEqual(one);
    }),
  );
  expect(state.pending).toEqual([]);
});

test("changes at the same time share a write", async () => {
  let renames = 0;
  const files = {
    open,
    rename: async (from: string, to: string) => {
      renames++;
      await rename(from, to);
    },
  } as Parameters<typeof StateFile.open>[0]["files"];
  const state = await openState({ ...(files && { files }) });
  const entries = await state.accept(
    "c1",
    Array.from({ length: 50 }, (_, n) => entry(`e${n}`)),
  );
  await Promise.all(entries.map((one) => state.done(one)));
  expect(renames).toBeLessThanOrEqual(3);
});

test("only its user can read it, and it can be read by a person", async () => {
  const text = await leaveOne();
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(JSON.parse(text)).toEqual({
    about: expect.stringContaining("docs/forward.md"),
    version: 1,
    account: "abc",
    filter: {},
    updatedAt: "2023-11-14T22:13:20.000Z",
    cursor: "c1",
    delivered: 1,
    givenUp: 0,
    pending: [entry("e2")],
    items: {},
  });
  expect(text.split("\n").slice(-5)).toEqual(['  "pending": [', `    ${JSON.stringify(entry("e2"))}`, "  ]", "}", ""]);
});

test("nothing is left beside it", async () => {
  await leaveOne();
  expect(await readdir(join(folder, "deep"))).toEqual(["state.json"]);
});

test("a file cut short anywhere is refused in one line, and left as it is", async () => {
  const whole = await leaveOne();
  for (let length = 0; length < whole.trimEnd().length; length += 7) {
    const cut = whole.slice(0, length);
    await writeFile(path, cut);
    const error = await openState().catch((error: Error) => error);
    expect(error).toMatchObject({
      name: "StateError",
      message: expect.stringMatching(/^The state file .* damaged.*--since.*$/),
    });
    expect(await readFile(path, "utf8")).toBe(cut);
  }
});

test.each<[string, (state: Record<string, unknown>) => unknown, RegExp]>([
  ["of another version", (state) => ({ ...state, version: 2 }), /is of version 2, and this program reads version 1/],
  ["without a cursor", ({ cursor: _, ...state }) => state, /is damaged: cursor is not/],
  ["with another kind of entry", (state) => ({ ...state, pending: [7] }), /is damaged: pending\.0 is not/],
  ["that is no state", () => [], /is damaged: it is not|is damaged: \w+ is not/],
  ["of another account", (state) => ({ ...state, account: "xyz" }), /is of account xyz, and this key is of abc/],
  ["of another filter", (state) => ({ ...state, filter: { problems: true } }), /is of the filter \{"problems":true\}/],
])("a file %s is refused in one line, and left as it is", async (_, change, line) => {
  const changed = JSON.stringify(change(JSON.parse(await leaveOne())));
  await writeFile(path, changed);
  await expect(openState()).rejects.toThrow(line);
  expect(await readFile(path, "utf8")).toBe(changed);
});

test("a draft that a killed process has left is written anew", async () => {
  const whole = await leaveOne();
  await writeFile(`${path}.tmp`, whole.slice(0, 20), { mode: 0o644 });
  const state = await openState();
  await state.accept("c2", []);
  expect(JSON.parse(await readFile(path, "utf8")).cursor).toBe("c2");
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test("where it cannot be written, that is told in one line", async () => {
  const files = {
    rename,
    open: async () => {
      throw Object.assign(new Error("no room"), { code: "ENOSPC" });
    },
  } as unknown as NonNullable<Parameters<typeof StateFile.open>[0]["files"]>;
  const state = await openState({ files });
  await expect(state.accept("c1", [entry("e1")])).rejects.toMatchObject({
    name: "StateError",
    message: expect.stringMatching(/cannot be read or written \(ENOSPC\)/),
  });
});

test("an event that waits already is not taken twice", async () => {
  const state = await openState();
  await state.accept("c1", [entry("e1")]);
  expect(await state.accept("c2", [entry("e1"), entry("e2")])).toEqual([entry("e2")]);
  expect(state.pending).toEqual([entry("e1"), entry("e2")]);
});

test("items are told once, and again with more values", async () => {
  const state = await openState();
  const told = async (cursor: string, values: number) =>
    (await state.accept(cursor, [entry(cursor, item("witem_1", values))])).length;
  expect(await told("c1", 2)).toBe(1);
  expect(await told("c2", 2)).toBe(0);
  await state.close();
  const next = await openState();
  expect((await next.accept("c3", [entry("e3", item("witem_1", 2))])).length).toBe(0);
  expect((await next.accept("c4", [entry("e4", item("witem_1", 3))])).length).toBe(1);
});

test("what is given up goes to the dead letters before it leaves the state", async () => {
  const state = await openState();
  const [first, second] = await state.accept("c1", [entry("e1"), entry("e2")]);
  await state.giveUp(first as Entry, { why: "answered 500", event: { id: "e1" } });
  await state.giveUp(second as Entry, { why: "answered 410", event: { id: "e2" } });
  expect(state.deadLetters).toBe(join(folder, "deep", "state.dead-letters.jsonl"));
  const lines = (await readFile(state.deadLetters, "utf8")).trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line).event.id)).toEqual(["e1", "e2"]);
  expect((await stat(state.deadLetters)).mode & 0o777).toBe(0o600);
  expect(state.pending).toEqual([]);
});

describe("a second process", () => {
  const startOf = async (pid: number) => {
    const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    return text === "" ? 0 : text.slice(text.lastIndexOf(")") + 2).split(" ")[19];
  };

  test("cannot have it while the first one lives", async () => {
    await leaveOne();
    const claim = `${path}.lock-${process.ppid}-${await startOf(process.ppid)}`;
    await writeFile(claim, "");
    await expect(openState()).rejects.toMatchObject({
      name: "StateError",
      message: expect.stringMatching(new RegExp(`in use by process ${process.ppid}.*--state`)),
    });
    expect(await readdir(join(folder, "deep"))).toEqual([
      "state.json",
      `state.json.lock-${process.ppid}-${await startOf(process.ppid)}`,
    ]);
  });

  test("takes over from one that is dead", async () => {
    await leaveOne();
    await writeFile(`${path}.lock-${2 ** 22 + 1}-12345`, "");
    const state = await openState();
    expect(state.cursor).toBe("c1");
    await state.close();
    expect(await readdir(join(folder, "deep"))).toEqual(["state.json"]);
  });

  test.runIf(process.platform === "linux")("takes over from one whose id another process has now", async () => {
    await leaveOne();
    await writeFile(`${path}.lock-${process.ppid}-1`, "");
    expect((await openState()).cursor).toBe("c1");
  });

  test("minds no file of another name", async () => {
    await leaveOne();
    await writeFile(join(folder, "deep", `other.json.lock-${process.ppid}-${await startOf(process.ppid)}`), "");
    expect((await openState()).cursor).toBe("c1");
  });
});

test("a filter is the same whatever order its parts stand in", async () => {
  const filter: Filter = { types: ["a"], webset: "w" };
  const state = await openState({ filter });
  await state.accept("c1", []);
  await state.close();
  expect((await openState({ filter: { webset: "w", types: ["a"] } })).cursor).toBe("c1");
});

test.each([
  ["linux", {}, "/home/ada/.local/state/websets-events-mcp"],
  ["linux", { XDG_STATE_HOME: "/var/ada" }, "/var/ada/websets-events-mcp"],
  ["linux", { XDG_STATE_HOME: "relative" }, "/home/ada/.local/state/websets-events-mcp"],
  ["darwin", {}, "/home/ada/Library/Application Support/websets-events-mcp"],
  ["win32", { LOCALAPPDATA: "/local" }, "/local/websets-events-mcp"],
  ["win32", {}, "/home/ada/AppData/Local/websets-events-mcp"],
] as const)("on %s with %j the state lies in %s", (platform, env, expected) => {
  expect(stateFolder(env, platform, "/home/ada")).toBe(expected);
});
