import { ResponseTooLargeError, type Transport } from "../../src/exa/http.ts";
import { deliver } from "../../src/sandbox/message.ts";
import type { Sandbox } from "../../src/sandbox/server.ts";
import type { Clock } from "../../src/shared/clock.ts";

/** As over sockets. */
const MAX_BYTES = 32 * 2 ** 20;
const tooLarge = (maxBytes: number) => new ResponseTooLargeError(maxBytes);

/**
 * The way to a sandbox in the same process, with what a socket would make of its faults.
 * @param latency how long a request takes there, and an answer back, in milliseconds; asked twice for each request.
 */
export function sandboxTransport({ handle }: Pick<Sandbox, "handle">, clock: Clock, latency: () => number): Transport {
  return async ({ method, url, headers, signal }) => {
    const [there, back] = [latency(), latency()];
    if (there > 0) await clock.sleep(there, signal);
    const sent = await handle({ method, url: url.pathname + url.search, headers });
    if (back > 0) await clock.sleep(back, signal);
    return deliver(sent, { signal, clock, maxBytes: MAX_BYTES, tooLarge });
  };
}
