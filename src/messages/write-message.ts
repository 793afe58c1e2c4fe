import { type Redact, redactValue } from "../shared/redact.ts";
import { wellFormedJson } from "../shared/text.ts";
import type { SdkId } from "./message-id.ts";

/** What JSON may hold as it is and some readers break lines at: Node's `readline` and Python's `splitlines` among them. */
const LINE_BREAKS = /[\u0085\u2028\u2029]/g;

interface Loose {
  id?: SdkId;
  params?: { progressToken?: unknown };
  result?: { content?: { text?: string }[]; structuredContent?: unknown };
}

/**
 * A message to a client as JSON: well-formed Unicode, and without the key. Under the id and the token that the client gave, though:
 * to it they are names.
 */
export function jsonOf(message: object, redact: Redact): string {
  const json = wellFormedJson(message);
  // Hardly any message has to be taken apart for it.
  if (redact(json) === json) return json;
  const { id, params, result } = message as Loose;
  const redacted = redactValue(message, redact) as Loose;
  if (id !== undefined) redacted.id = id;
  if (redacted.params?.progressToken !== undefined) redacted.params.progressToken = params?.progressToken;
  // Both say the same, and have to go on doing so.
  const [said] = result?.content ?? [];
  if (redacted.result !== undefined && said?.text === JSON.stringify(result?.structuredContent)) {
    redacted.result.content = [{ ...said, text: JSON.stringify(redacted.result.structuredContent) }];
  }
  return wellFormedJson(redacted);
}

/** The same JSON on one line, for whichever characters its reader breaks lines at. */
export function onOneLine(json: string): string {
  return json.replace(LINE_BREAKS, (separator) => `\\u${separator.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
