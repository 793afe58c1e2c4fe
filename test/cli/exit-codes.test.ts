import { expect, test } from "vitest";
import { EXIT, endOf, inShell, sentenceForPerson, stillTrying } from "../../src/cli/exit-codes.ts";
import { missingKey } from "../../src/exa/client.ts";
import { refusalOf } from "../../src/exa/refusal.ts";
import { decodeCursor } from "../../src/feed/cursor.ts";
import { unknownType } from "../../src/feed/meant-type.ts";
import { WebsetsError } from "../../src/shared/errors.ts";

const KEY = "3f0a9c1e-5b7d-4a52-9d83-1c2b3a4d5e6f";

const thrownBy = (action: () => void) => {
  try {
    action();
  } catch (error) {
    return error as WebsetsError;
  }
  throw new Error("it threw nothing");
};

test.each([
  [
    "a type that is none, once",
    unknownType("webset.idel"),
    'There is no event type "webset.idel"; did you mean webset.idle?',
  ],
  [
    "one that hides failures",
    unknownType("import.failed"),
    'There is no event type "import.failed"; did you mean import.completed with the status "failed" or "canceled" in its data (--problems brings only such)?',
  ],
  [
    "types of which none tells of a failure",
    unknownType("webset.export.failed"),
    /Did you mean --types webset\.export\.created,webset\.export\.completed\?$/,
  ],
  [
    "whatever went wrong",
    unknownType("*.failed"),
    'There is no event type "*.failed": --problems alone brings whatever went wrong. Did you mean --problems?',
  ],
  [
    "a cursor that is none",
    thrownBy(() => decodeCursor("c-none-that-we-gave")),
    "--since holds no cursor of this program, or one that was not copied whole.",
  ],
  ["a placeholder", missingKey("your-key"), /whatever started this program did not put the key in its place/],
  [
    "a Webset called otherwise",
    new WebsetsError("not_found", { what: 'the API does not know Webset "Bikes"', instead: 'websetId "webset_1"' }),
    'the API does not know Webset "Bikes". Did you mean WEBSET "webset_1"? The command websets lists the Websets there are.',
  ],
  [
    "what may be a key in the wrong place",
    new WebsetsError("not_found", { what: `the API does not know Webset "${KEY}" (404)` }),
    /^the API does not know Webset \(not shown: it looks like a key\) \(404\)\./,
  ],
  [
    "a proxy's password",
    new WebsetsError("unavailable", {
      what: "the proxy p.example:1 does not accept the user and password in its URL (407)",
      advice: "Put those it accepts into HTTPS_PROXY in this MCP server's environment, and restart the server.",
    }),
    "the proxy p.example:1 does not accept the user and password in its URL (407). Put those it accepts into HTTPS_PROXY.",
  ],
  [
    "a proxy that refuses",
    new WebsetsError("unavailable", {
      what: "the proxy did not open a tunnel",
      advice:
        "Call again in a moment; if it stays, add the host to NO_PROXY in this MCP server's environment and restart the server.",
    }),
    "the proxy did not open a tunnel. Try again in a moment; if it stays, add the host to NO_PROXY.",
  ],
])("%s is told in the words of a shell", (_, error, says) => {
  if (typeof says === "string") expect(sentenceForPerson(error)).toBe(says);
  else expect(sentenceForPerson(error)).toMatch(says);
});

test("no form of a key is shown, and ids are", () => {
  for (const key of [KEY, KEY.toUpperCase(), KEY.replaceAll("-", "")]) {
    expect(inShell(`There is no event type "${key}"`)).not.toContain(key);
  }
  const id = "webset_01m8eg3m01vh7dx70dxt3c38et";
  expect(inShell(`the API does not know Webset "${id}"`)).toContain(id);
});

test("a list that is not there is a failure and no Webset that is unknown", () => {
  const what = "the API does not know the list of Websets (404)";
  const ofList = endOf(new WebsetsError("not_found", { what, status: 404, isAboutList: true }));
  expect(ofList.code).toBe(EXIT.failure);
  expect(ofList.says).toMatch(/the command doctor says what is in the way\.$/);
  expect(endOf(new WebsetsError("not_found", { what: "no such Webset", status: 404 })).code).toBe(EXIT.unknown);
});

test("a gateway's page under a status that Exa documents says nothing of EXA_BASE_URL", () => {
  const answer = { status: 403, headers: { "content-type": "text/html" }, body: "<html></html>" };
  const subject = { name: "the list of events", url: new URL("https://api.exa.ai/") };
  const says = sentenceForPerson(refusalOf(answer, subject, (text) => text, { server: undefined, ours: 0 }));
  expect(says).not.toContain("EXA_BASE_URL");
  expect(sentenceForPerson(new WebsetsError("unexpected_response", { what: "no JSON" }))).toContain("EXA_BASE_URL");
});

test.each([
  [30_000, "busy. The API asks to wait 30 s. Wait, then try again; nothing is lost."],
  [0, /^busy\. Try again in a moment/],
])("where the API asks for a pause of %i ms, a person is told to wait for so long", (retryAfterMs, says) => {
  expect(sentenceForPerson(new WebsetsError("unavailable", { what: "busy", retryAfterMs }))).toMatch(says);
});

test("a command that goes on says what to do where that is more than to go on", () => {
  const what = "the proxy p.example:1 asks for a user and a password (407)";
  const begin = `The API does not answer; still trying. ${what}.`;
  const advice = "Put those it accepts into HTTPS_PROXY in this MCP server's environment, and restart the server.";
  expect(stillTrying(new WebsetsError("unavailable", { what }))).toBe(begin);
  expect(stillTrying(new WebsetsError("unavailable", { what, advice }))).toBe(
    `${begin} Put those it accepts into HTTPS_PROXY.`,
  );
});
