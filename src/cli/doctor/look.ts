import { parseWebsetPage } from "../../exa/schemas.ts";
import { isFinal, WebsetsError } from "../../shared/errors.ts";
import { type Evidence, LARGEST, readPage, recent, type SeenPage } from "./evidence.ts";
import type { Probe } from "./probe.ts";

/** How long events are looked at for a recording, in milliseconds: what a user who sends it gives. */
const LOOK_MS = 60_000;
const GAP_MS = 1_000;
/** Pages behind the first: enough to show whether the list goes on as it began. */
const MORE_PAGES = 4;

/** Whether events can be expected: a Webset is being worked on, or something has just happened. */
export async function isBusy(probe: Probe, signal: AbortSignal): Promise<boolean> {
  try {
    const { json } = await probe.get("websets", { limit: 25 }, signal);
    const runs = parseWebsetPage(json).data.some(({ status }) => status === "running" || status === "pending");
    return runs || (await recent(probe, signal)).some(({ events }) => events.length > 0);
  } catch (error) {
    if (!(error instanceof WebsetsError) || isFinal(error)) throw error;
    return false;
  }
}

/** Looks once a second for a minute at what becomes visible, so that the recording shows how late events are. */
export async function watchEvents(probe: Probe, signal: AbortSignal): Promise<SeenPage[]> {
  const { clock } = probe;
  const readings: SeenPage[] = [];
  for (const end = clock.now() + LOOK_MS; clock.now() < end; ) {
    readings.push(...(await recent(probe, signal)));
    await clock.sleep(GAP_MS, signal);
  }
  return readings;
}

/** Reads further back, for a recording: what was asked is kept by the probe. */
export async function readFurther(evidence: Evidence, probe: Probe, signal: AbortSignal): Promise<void> {
  let page = evidence.first;
  try {
    for (let left = MORE_PAGES; left > 0 && page.nextCursor !== null; left--) {
      page = readPage(await probe.get("events", { limit: LARGEST, cursor: page.nextCursor }, signal));
    }
  } catch (error) {
    // What was read is worth recording; the refusal is in it.
    if (!(error instanceof WebsetsError)) throw error;
  }
}
