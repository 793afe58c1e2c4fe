import { expect } from "vitest";
import { ERAS, type Era } from "./support/eras.ts";
import { formsOf, KEYS } from "./support/key-forms.ts";
import { runProgram } from "./support/program.ts";
import { test } from "./support/stdio-test.ts";

const modern = ERAS[0] as Era;
/** Short forms are parts of a key that say little, and words that stand anywhere. */
const formsIn = (key: string) => Object.values(formsOf(key));

function expectNoForm(key: string, texts: Record<string, string>): void {
  for (const [where, text] of Object.entries(texts)) {
    for (const [name, form] of Object.entries(formsOf(key))) {
      const at = text.indexOf(form);
      const around = at === -1 ? "" : text.slice(Math.max(0, at - 100), at + 200);
      expect(around, `the key as ${name} is in ${where}`).toBe("");
    }
  }
}

test.for(KEYS)(
  "of the key %s no form shows that an upstream sends in an error",
  async (key, { startProgram, startStandIn }) => {
    const forms = formsIn(key);
    const upstream = await startStandIn((request, response) => {
      const form = forms[Number(/evt_(\d+)/.exec(request.url ?? "")?.[1])] ?? "";
      response.writeHead(422, { "content-type": "application/json" });
      response.end(
        JSON.stringify({ message: `no: ${form}`, error: form, path: form, requestId: form.replace(/\s/g, "") }),
      );
    });
    const session = await modern.open(
      startProgram(["--log-level", "debug"], { EXA_API_KEY: key, EXA_BASE_URL: upstream.url }),
    );
    const errors = await Promise.all(forms.map((_, at) => session.call("get_webset_event", { eventId: `evt_${at}` })));
    await session.program.end();
    for (const { error } of errors) expect(error).toContain("422");
    expectNoForm(key, { stdout: session.program.stdout, stderr: session.program.stderr });
    expect(session.program.stdout).toContain("[key]");
  },
);

test.for(KEYS)(
  "of the key %s no form shows that an upstream sends in its data",
  async (key, { startProgram, startStandIn }) => {
    const createdAt = new Date().toISOString();
    const data = formsIn(key).map((form, at) => ({
      id: `evt_${at}`,
      object: "event",
      type: "webset.idle",
      createdAt,
      data: {
        id: `webset_${at}`,
        object: "webset",
        title: form,
        status: form,
        metadata: { [form]: form },
        externalId: form,
      },
    }));
    const upstream = await startStandIn((_, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ data, hasMore: false, nextCursor: null }));
    });
    const session = await modern.open(
      startProgram(["--log-level", "debug"], { EXA_API_KEY: key, EXA_BASE_URL: upstream.url }),
    );
    for (const detail of ["summary", "full"]) {
      const { value } = await session.call("list_webset_events", { detail, limit: 60 });
      expect(value.events.length).toBeGreaterThan(10);
    }
    await session.program.end();
    expectNoForm(key, { stdout: session.program.stdout, stderr: session.program.stderr });
  },
);

test.for(KEYS)("of the key %s no form shows that a caller sends", async (key, { startProgram, startSandbox }) => {
  const { env } = await startSandbox();
  const session = await modern.open(startProgram(["--log-level", "debug"], { ...env, EXA_API_KEY: key }));
  await Promise.all(
    formsIn(key).flatMap((form) => [
      session.call("list_webset_events", { page: form }).catch(() => {}),
      session.call("list_webset_events", { types: [form] }).catch(() => {}),
      session.call("wait_for_webset_event", { after: form, timeoutSeconds: 0 }).catch(() => {}),
      session.call("get_webset_progress", { websetId: "webset_1/", [form]: form }).catch(() => {}),
      session.call(form, {}).catch(() => {}),
      session.readResource(`websets://${form}`).catch(() => {}),
    ]),
  );
  await session.program.end();
  expectNoForm(key, { stdout: session.program.stdout, stderr: session.program.stderr });
});

test.for(KEYS)("of the key %s no form shows in what the program says of its command line", async (key) => {
  const forms = formsIn(key).filter((form) => !form.includes("\0"));
  // Of all forms each place gets a few, and each form a place: a program takes its time to start.
  const places: ((form: string) => [args: string[], env: Record<string, string>])[] = [
    (form) => [[form], {}],
    (form) => [["--log-level", form], {}],
    (form) => [[`--no-such=${form}`], {}],
    (form) => [["--sandbox", form], {}],
    (form) => [["sandbox", "--scenario", form], {}],
    (form) => [["sandbox", "--port", form], {}],
    (form) => [["sandbox", "--faults", form], {}],
    (form) => [[], { EXA_BASE_URL: `ftp://${form}` }],
    (form) => [[], { WEBSETS_EVENTS_POLL_INTERVAL: form }],
  ];
  for (const [at, form] of forms.entries()) {
    for (const put of [places[at % places.length], places[(at + 4) % places.length]]) {
      const [args, env] = put?.(form) ?? [[], {}];
      const { stdout, stderr } = await runProgram(args, { EXA_API_KEY: key, ...env });
      expectNoForm(key, { [`stdout of ${args}`]: stdout, [`stderr of ${args}`]: stderr });
    }
  }
});

test("a key in the place of a command does not show where the environment has none", async () => {
  const [key] = KEYS;
  for (const args of [
    [key],
    ["--sandbox", key],
    ["sandbox", key],
    ["sandbox", "--port", key],
    ["sandbox", "--scenario", key],
  ]) {
    const { code, stdout, stderr } = await runProgram(args);
    expect({ args, code }).toEqual({ args, code: 2 });
    expect(stdout + stderr).not.toContain(key);
    // Its length stands for it, or it is not spoken of at all.
    expect(stderr).toMatch(/characters|too many arguments/);
  }
});
