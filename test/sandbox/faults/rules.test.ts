import { describe, expect, test } from "vitest";
import { createFaults, type FaultRule } from "../../../src/sandbox/faults.ts";
import { openWithFaults } from "./support.ts";

async function statuses({ get }: ReturnType<typeof openWithFaults>, count: number, path = "/events") {
  const found: number[] = [];
  for (let asked = 0; asked < count; asked++) found.push((await get(path)).status);
  return found;
}

describe("a fault strikes", () => {
  test("every request without limits, and never the sandbox's own paths", async () => {
    const opened = openWithFaults([{ name: "error-503" }]);
    expect(await statuses(opened, 3)).toEqual([503, 503, 503]);
    expect((await opened.send("GET", "/sandbox/health")).status).toBe(200);
  });

  test("so many times", async () => {
    expect(await statuses(openWithFaults([{ name: "error-503", times: 2 }]), 4)).toEqual([503, 503, 200, 200]);
  });

  test("from the nth request on, or only then", async () => {
    const rules: FaultRule[] = [
      { name: "error-500", from: 2, times: 1 },
      { name: "unauthorized", from: 4 },
    ];
    expect(await statuses(openWithFaults(rules), 6)).toEqual([200, 500, 200, 401, 401, 401]);
  });

  test("only the requests it is meant for, and counts no others", async () => {
    const opened = openWithFaults([{ name: "error-503", from: 2, when: ({ path }) => path.endsWith("/events") }]);
    expect(await statuses(opened, 3, "/websets")).toEqual([200, 200, 200]);
    expect(await statuses(opened, 2)).toEqual([200, 503]);
  });

  test("with a chance that the seed decides", async () => {
    const rules: FaultRule[] = [{ name: "error-503", rate: 0.3 }];
    const first = await statuses(openWithFaults(rules, { seed: 5 }), 300);
    const again = await statuses(openWithFaults(rules, { seed: 5 }), 300);
    const other = await statuses(openWithFaults(rules, { seed: 6 }), 300);
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
    expect(first.filter((status) => status === 503).length).toBeGreaterThan(60);
    expect(first.filter((status) => status === 503).length).toBeLessThan(120);
  });

  test("the same requests whatever other faults there are", async () => {
    const alone = await statuses(openWithFaults([{ name: "error-503", rate: 0.3 }]), 100);
    const accompanied = await statuses(
      openWithFaults([
        { name: "error-503", rate: 0.3 },
        { name: "no-date", rate: 0.5 },
      ]),
      100,
    );
    expect(accompanied).toEqual(alone);
  });
});

describe("faults", () => {
  test("are added, counted, removed and cleared at any time", async () => {
    const opened = openWithFaults();
    const { faults } = opened;
    expect(await statuses(opened, 1)).toEqual([200]);
    const added = faults.add({ name: "error-503" });
    expect(await statuses(opened, 2)).toEqual([503, 503]);
    expect(added).toMatchObject({ name: "error-503", happened: 2 });
    added.remove();
    faults.add({ name: "error-500" });
    expect(await statuses(opened, 1)).toEqual([500]);
    faults.clear();
    expect(await statuses(opened, 1)).toEqual([200]);
    expect(faults.happened).toEqual({ "error-503": 2, "error-500": 1 });
  });

  test("that find nothing to do have not happened, and keep their turn", async () => {
    const opened = openWithFaults([{ name: "short-page", times: 1 }]);
    await opened.get("/events");
    expect(opened.faults.happened).toEqual({});
    opened.world.record("webset.idle", {});
    opened.world.record("webset.idle", {});
    expect((await opened.get("/events")).json.data).toHaveLength(1);
    expect(opened.faults.happened).toEqual({ "short-page": 1 });
  });

  test("added first have the last word", async () => {
    const opened = openWithFaults([
      { name: "error-500", times: 1 },
      { name: "unauthorized", times: 1 },
      { name: "no-date" },
    ]);
    const answers = [await opened.get("/events"), await opened.get("/events")];
    expect(answers.map(({ status }) => status)).toEqual([500, 401]);
    expect(opened.faults.happened).toEqual({ "error-500": 1, unauthorized: 1 });
  });

  test.each<[FaultRule, string]>([
    [{ name: "reset", rate: 1.1 }, "reset: rate must be from 0 to 1"],
    [{ name: "reset", times: 0 }, "reset: times must be a whole number from 1"],
    [{ name: "reset", from: 1.5 }, "reset: from must be a whole number from 1"],
    [{ name: "oldest-first", times: 1 }, "oldest-first is there or is not"],
    [{ name: "same-timestamp", when: () => true }, "same-timestamp does not strike requests"],
    [{ name: "nonsense" as "reset" }, 'there is no fault "nonsense"'],
  ])("that make no sense are refused: %o", (rule, message) => {
    expect(() => createFaults().add(rule)).toThrow(message);
  });

  test("that belong to no sandbox say so", async () => {
    const { intercept } = createFaults({ rules: [{ name: "error-500" }] });
    const next = async () => ({ status: 200, headers: {}, body: "" });
    await expect(intercept({ method: "GET", url: "/" }, next)).rejects.toThrow("have not been given to a sandbox");
  });
});
