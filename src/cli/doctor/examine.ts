import { VERSION } from "../../config.ts";
import { missingKey } from "../../exa/client.ts";
import { parseTeam } from "../../exa/schemas.ts";
import type { WebsetsError } from "../../shared/errors.ts";
import { isLoopback } from "../../shared/loopback.ts";
import { judge } from "./decisions.ts";
import { type Evidence, GATHER_MS, gather, type SeenPage } from "./evidence.ts";
import { type Exam, type Finding, failed, isExa, LIMIT_MS, limited } from "./finding.ts";
import { describeListing } from "./listing.ts";
import { Probe } from "./probe.ts";
import { checkWay } from "./way.ts";

/** What can only be checked with a key, and where the API can be reached. */
const WITH_KEY = ["account", "limits", "events", "order", "ranges", "pages", "decisions"] as const;
/** Looks at events as they become visible, before anything else is read of them, and returns what it read. */
export type Look = (probe: Probe) => Promise<SeenPage[]>;

/**
 * Checks everything that this program needs, one finding after another, and with a key how the API stands to what is assumed of it. It
 * reads only. Ends with what was seen, or undefined where no event
 * could be read; rejects with an AbortError where the exam ends early.
 */
export async function* examine(
  exam: Exam,
  look: Look = async () => [],
): AsyncGenerator<Finding, { evidence: Evidence; probe: Probe } | undefined> {
  const { config, hide } = exam;
  yield nodeFinding();
  yield addressFinding(config.baseUrl);
  const key = keyFinding(exam);
  yield key;
  const answer = yield* checkWay(exam);
  if (config.apiKey === undefined || answer === undefined) {
    const why = config.apiKey === undefined ? "it takes a key" : "the API cannot be reached";
    yield* skipped(WITH_KEY, `not checked, for ${why}`);
    return undefined;
  }

  const probe = new Probe(exam);
  const account = await accountFindings(exam, probe);
  yield* account;
  if (account.some(({ isAccount }) => isAccount)) {
    yield* skipped(WITH_KEY.slice(account.length), "not checked, for the API lets this key do nothing");
    return undefined;
  }
  let evidence: Evidence;
  try {
    const readings = await look(probe);
    evidence = await limited(exam, (signal) => gather(probe, signal, readings), GATHER_MS + 2 * LIMIT_MS);
  } catch (error) {
    yield failed("events", error, hide);
    yield* skipped(WITH_KEY.slice(3), "not checked, for events cannot be read");
    return undefined;
  }
  yield* describeListing(evidence);
  yield* judge(evidence);
  return { evidence, probe };
}

function* skipped(checks: readonly string[], summary: string): Generator<Finding> {
  for (const check of checks) yield { check, status: "skip", summary };
}

function nodeFinding(): Finding {
  const { version, platform, arch } = process;
  const summary = `websets-events-mcp ${VERSION}, Node ${version.slice(1)} on ${platform} ${arch}`;
  return { check: "node", status: "ok", summary, facts: { version: VERSION, node: version.slice(1), platform, arch } };
}

function addressFinding(baseUrl: URL): Finding {
  const { origin, hostname } = baseUrl;
  if (isExa(baseUrl)) return { check: "address", status: "ok", summary: origin, facts: { isExa: true } };
  const where = isLoopback(hostname) ? `${origin}, a program on this machine` : "the host in EXA_BASE_URL";
  const summary = `${where}, and not Exa's own API: what is said of events is about this one`;
  return { check: "address", status: "ok", summary, facts: { isExa: false } };
}

function keyFinding({ config: { apiKey, keyPlaceholder }, hide }: Exam): Finding {
  if (apiKey === undefined) {
    const missing = failed("key", missingKey(keyPlaceholder), hide);
    const held = "EXA_API_KEY holds a placeholder in the place of a key";
    return { ...missing, summary: keyPlaceholder === undefined ? "EXA_API_KEY is not set" : held };
  }
  if (/^["'].*["']$/.test(apiKey)) {
    const advice = "Take the quotes out of EXA_API_KEY: whatever set it has put them into the value.";
    return { check: "key", status: "warn", summary: "EXA_API_KEY is set, but stands in quotes", advice };
  }
  return { check: "key", status: "ok", summary: "EXA_API_KEY is set" };
}

/** Exa's keys are UUIDs. */
const KEY_FORM = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

async function accountFindings(exam: Exam, probe: Probe): Promise<Finding[]> {
  const { hide, config } = exam;
  try {
    const { json } = await limited(exam, (signal) => probe.get("teams/me", {}, signal));
    const { concurrency, limits } = parseTeam(json);
    const accepted: Finding = {
      check: "account",
      status: "ok",
      summary: "the key is accepted, and its plan has access",
    };
    return [accepted, limitsFinding({ ...concurrency, ...numbersOf(limits) })];
  } catch (error) {
    const finding = failed("account", error, hide);
    const limits: Finding = { check: "limits", status: "skip", summary: "not told by the API" };
    const { kind } = error as WebsetsError;
    if (kind === "unauthorized" && !KEY_FORM.test(config.apiKey ?? "")) {
      const advice = `${finding.advice} It does not have the form of Exa's keys, which are UUIDs.`;
      return [{ ...finding, advice }, limits];
    }
    if (kind !== "not_found" && kind !== "unexpected_response") return [finding, limits];
    // Events may be read all the same: an API of before 2026 does not know of teams.
    return [{ ...finding, status: "warn", advice: "Only what waits in the queue cannot be told without it." }, limits];
  }
}

function numbersOf(limits: Readonly<Record<string, unknown>>) {
  const number = (value: unknown) => (typeof value === "number" && Number.isSafeInteger(value) ? value : null);
  return { maxConcurrent: number(limits.maxConcurrent), maxQueued: number(limits.maxQueued) };
}

function limitsFinding(facts: Record<"active" | "queued" | "maxConcurrent" | "maxQueued", number | null>): Finding {
  const { active, queued, maxConcurrent, maxQueued } = facts;
  const of = (limit: number | null) => (limit === null ? ", without a limit" : ` of ${limit}`);
  const summary = `at work: ${active ?? "not told"}${of(maxConcurrent)}; queued: ${queued ?? "not told"}${of(maxQueued)}`;
  const isFull = maxConcurrent !== null && (active ?? 0) >= maxConcurrent && (queued ?? 0) > 0;
  if (!isFull) return { check: "limits", status: "ok", summary, facts };
  const advice = "New searches wait until others end: cancel those that nobody needs, or ask Exa for a higher limit.";
  return { check: "limits", status: "warn", summary, advice, facts };
}
