import type { Clock } from "../shared/clock.ts";
import { isAbort } from "../shared/errors.ts";
import type { Log } from "../shared/log.ts";
import type { Transport } from "./http.ts";

/**
 * A transport that logs a line for each request at `debug`: method, path, how it ended, milliseconds. Of headers and query it
 * says nothing: the one holds the key, the other cursors.
 */
export function loggedTransport(transport: Transport, { clock, log }: { clock: Clock; log: Log }): Transport {
  return async (request) => {
    const startedAt = clock.now();
    const say = (end: string) =>
      log.debug(`${request.method} ${request.url.pathname}: ${end}, ${Math.round(clock.now() - startedAt)} ms`);
    try {
      const answer = await transport(request);
      say(String(answer.status));
      return answer;
    } catch (error) {
      say(isAbort(error) ? "aborted" : "no answer");
      throw error;
    }
  };
}
