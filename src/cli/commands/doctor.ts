import { type FileHandle, open, unlink } from "node:fs/promises";
import { createSocketTransport } from "../../exa/socket-transport.ts";
import { isAbort } from "../../shared/errors.ts";
import type { CommandContext } from "../command-context.ts";
import { delaysIn, type Evidence, isBusy, readFurther, type SeenPage, watchEvents } from "../doctor/evidence.ts";
import { examine } from "../doctor/examine.ts";
import { createHide, exitCodeFor, type Finding } from "../doctor/finding.ts";
import { loadKnownWords } from "../doctor/mask.ts";
import type { Probe } from "../doctor/probe.ts";
import { createRecording, type Recording } from "../doctor/recording.ts";
import { UsageError } from "../flags.ts";
import { endReason, READER_GONE, type Style, wrap } from "../terminal.ts";

export interface DoctorFlags {
  json?: boolean;
  /** Where to write what was seen of events. */
  record?: string;
}

type DoctorContext = Pick<CommandContext, "config" | "clock" | "signal" | "out" | "err">;

/** Widths of columns. */
const STATUS = 6;
const NAME = 11;
const DECISION_STATUS = 14;
/** Wider lines are hard to read. */
const WIDEST = 100;
/** Of an event that is shown as an example. */
const SAMPLE_LINES = 25;

/**
 * Says what works and what does not between this program and the API, a line a check. Nothing it prints is the user's own, so that
 * it may be pasted into an issue.
 */
export async function doctor({ json, record }: DoctorFlags, context: DoctorContext): Promise<number> {
  const { out, config, clock, signal } = context;
  const asJson = json ?? !out.isTTY;
  const reserved = record === undefined ? undefined : { file: record, handle: await reserve(record) };
  const transport = createSocketTransport({ proxies: config.proxies, clock });
  const findings: Finding[] = [];
  const width = () => Math.min(out.columns, WIDEST);
  const tell = async (finding: Finding) => {
    if (!asJson && isDecision(finding.check) && !isDecision(findings.at(-1)?.check ?? "")) {
      const heading = "What is assumed of the API (docs/decisions), and what it shows of that just now:";
      await out.line(`\n${wrap(heading, width(), 0)}`);
    }
    findings.push(finding);
    for (const line of asJson ? [jsonOf(finding)] : linesOf(finding, context)) await out.line(line);
  };
  try {
    const exam = { config, clock, signal, transport, hide: createHide(config) };
    const steps = examine(exam, reserved && ((probe) => look(probe, context)));
    let seen: Seen | undefined;
    for (let step = await steps.next(); ; step = await steps.next()) {
      if (step.done) {
        seen = step.value;
        break;
      }
      await tell(step.value);
    }
    if (reserved !== undefined) await tell(await recorded(reserved, seen, context));
  } catch (error) {
    if (isAbort(error) && endReason(signal) !== READER_GONE) {
      const file = reserved === undefined ? "" : ", and no file was written";
      await context.err.line(`Stopped before all was checked${file}. The same command begins again.`);
    }
    throw error;
  } finally {
    await transport.close();
    if (reserved !== undefined) await letGo(reserved, findings.at(-1));
  }
  const code = exitCodeFor(findings);
  if (!asJson) await out.line(`\n${wrap(inShort(findings), width(), 0)}`);
  return code;
}

function jsonOf({ isAccount, ...finding }: Finding): string {
  return JSON.stringify(finding);
}

const STYLES = {
  ok: "green",
  confirmed: "green",
  warn: "yellow",
  contradicted: "yellow",
  fail: "red",
  skip: "dim",
  unseen: "dim",
  uncheckable: "dim",
} as const satisfies Record<Finding["status"], Style>;

/** A finding for a person: how it ended, what was checked, what was found, and below it what to do. */
function linesOf({ check, status, summary, advice }: Finding, { out }: DoctorContext): string[] {
  const width = Math.min(out.columns, WIDEST);
  const [statusWidth, hang] = isDecision(check) ? [DECISION_STATUS, DECISION_STATUS + 6] : [STATUS, STATUS + NAME];
  const head = out.paint(STYLES[status], status.padEnd(statusWidth)) + check.padEnd(hang - statusWidth);
  const lines = [wrap(head + summary, width, hang)];
  if (advice !== undefined)
    lines.push(wrap(`${" ".repeat(hang)}${out.paint("bold", "To do:")} ${advice}`, width, hang));
  return lines;
}

function isDecision(check: string): boolean {
  return /^\d{4}$/.test(check);
}

function inShort(findings: readonly Finding[]): string {
  const named = (status: Finding["status"]) =>
    findings.filter((one) => one.status === status).map(({ check }) => check);
  const [failures, warnings, contradictions] = [named("fail"), named("warn"), named("contradicted")];
  const sentences = [
    failures.length > 0 ? `Failed: ${failures.join(", ")}.` : "Nothing failed.",
    warnings.length > 0 ? `Worth a look: ${warnings.join(", ")}.` : "",
    contradictions.length > 0
      ? `The API differs from docs/decisions in ${contradictions.join(", ")}: please report it, with doctor --record FILE.`
      : "",
  ];
  return sentences.filter((sentence) => sentence !== "").join(" ");
}

/** Makes the file at once, so that nobody looks at events for a minute and then cannot write. Throws `UsageError`. */
async function reserve(file: string): Promise<FileHandle> {
  try {
    // "x" takes no file that is there, nor a link to one.
    return await open(file, "wx", 0o600);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") throw new UsageError("The file for --record is there already; name one that is not");
    throw new UsageError(`The file for --record cannot be made (${code ?? String(error)})`);
  }
}

interface Seen {
  evidence: Evidence;
  probe: Probe;
}

interface Reserved {
  file: string;
  handle: FileHandle;
}

/** Closes the file, and takes it away where nothing was written. */
async function letGo({ file, handle }: Reserved, last: Finding | undefined): Promise<void> {
  await handle.close();
  if (last?.check !== "record" || last.status !== "ok") await unlink(file);
}

/** Where something happens, looks at it for a minute, so that the recording shows how late events are. */
async function look(probe: Probe, { err, signal }: DoctorContext): Promise<SeenPage[]> {
  if (!(await isBusy(probe, signal))) {
    await err.line("No Webset is running, so that nothing shows how late events are: record again while one runs.");
    return [];
  }
  await err.line("Looking at the events for a minute, because a Webset is running. Ctrl+C ends it without a file.");
  return watchEvents(probe, signal);
}

async function recorded({ handle, file }: Reserved, seen: Seen | undefined, context: DoctorContext): Promise<Finding> {
  const check = "record";
  if (seen === undefined) return { check, status: "fail", summary: "not written, for no events could be read" };
  await readFurther(seen.evidence, seen.probe, context.signal);
  const recording = createRecording(seen.evidence, { words: await loadKnownWords() });
  const { entries, answers } = recording;
  if (entries.length === 0) {
    const advice = "Start a Webset, and record while it runs.";
    return { check, status: "fail", summary: "not written, for this account has no events", advice };
  }
  await handle.writeFile(`${JSON.stringify(recording, undefined, 1)}\n`);
  await showRecording(file, recording, context);
  const facts = { answers: answers.length, events: entries.length, delays: delaysIn(seen.evidence).length };
  const summary = `written: ${answers.length} answers with ${entries.length} events, every text in them invented`;
  return { check, status: "ok", summary, facts };
}

/** What a user reads before sending it to anybody. */
async function showRecording(file: string, { facts, entries }: Recording, { err }: DoctorContext): Promise<void> {
  const { delays, ...others } = facts;
  const least = `${delays.length} events, the slowest after ${Math.max(0, ...delays.map((one) => one.least))} ms at least`;
  const sample = JSON.stringify(entries[0], undefined, 1).split("\n");
  const cut = sample.length > SAMPLE_LINES ? [...sample.slice(0, SAMPLE_LINES), "..."] : sample;
  const lines = [
    "",
    `${file} can be read by you alone. An event in it:`,
    ...cut,
    "What was worked out:",
    JSON.stringify({ ...others, delays: least }),
    "Read it before you send it to anybody. It helps most in an issue of websets-events-mcp, for no recording of a real event is known.",
    "",
  ];
  for (const line of lines) await err.line(line);
}
