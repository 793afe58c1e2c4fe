import { X509Certificate } from "node:crypto";
import type { LookupAddress } from "node:dns";
import { lookup } from "node:dns/promises";
import { isIP, type Socket } from "node:net";
import { rootCertificates, TLSSocket } from "node:tls";
import { VERSION } from "../../config.ts";
import { bare, blame, dial, openTunnel, portOf, secured } from "../../exa/connections.ts";
import { type HttpAnswer, parseHttpDate } from "../../exa/http.ts";
import { type HttpProxy, proxyFor } from "../../exa/proxy.ts";
import { looksLikeHtml, refusalOf } from "../../exa/refusal.ts";
import { explainSocketError, TlsError } from "../../exa/socket-errors.ts";
import { WebsetsError } from "../../shared/errors.ts";
import { isLoopback } from "../../shared/loopback.ts";
import { type Exam, type Finding, failed, isExa, LIMIT_MS, limited } from "./finding.ts";

/** What the way to the API is made of, in the order of a request. */
const STEPS = ["proxy", "dns", "connect", "tls", "api", "clock"] as const;

/** The API's answer to a request without a key, as it came. */
export interface KeylessAnswer extends HttpAnswer {
  /** `clock.wallTime()` when it was asked and when the answer was there. */
  sentAt: number;
  receivedAt: number;
}

/**
 * Goes the way to the API step by step, each with a limit of its own, and asks it something without the key, so that what is wrong on
 * the way is told apart from what is wrong with the key. Returns the answer, or undefined where none came.
 */
export async function* checkWay(exam: Exam): AsyncGenerator<Finding, KeylessAnswer | undefined> {
  let done = 0;
  const sockets: Socket[] = [];
  try {
    for await (const finding of steps(exam, sockets)) {
      yield finding.finding;
      done++;
      if (finding.answer !== undefined) {
        yield clockAgainst(finding.answer);
        return finding.answer;
      }
      if (finding.finding.status === "fail") break;
    }
  } finally {
    for (const socket of sockets) socket.destroy();
  }
  const failedStep = STEPS[done - 1];
  for (const check of STEPS.slice(done))
    yield { check, status: "skip", summary: `not checked, for ${failedStep} failed` };
  return undefined;
}

interface Step {
  finding: Finding;
  answer?: KeylessAnswer;
}

async function* steps(exam: Exam, sockets: Socket[]): AsyncGenerator<Step> {
  const { config, clock, hide } = exam;
  const target = config.baseUrl;
  let proxy: HttpProxy | undefined;
  try {
    proxy = proxyFor(target, config.proxies);
    yield { finding: proxyFinding(exam, proxy) };
  } catch (error) {
    yield { finding: failed("proxy", error, hide) };
    return;
  }

  const near = proxy?.url ?? target;
  const place = hide(proxy?.name ?? target.host);
  const host = bare(near.hostname);
  let addresses: LookupAddress[];
  try {
    addresses = await limited(exam, () => lookup(host, { all: true }), LIMIT_MS, place);
    const families = [...new Set(addresses.map(({ family }) => `IPv${family}`))].join(" and ");
    const found = `${addresses.length} ${addresses.length === 1 ? "address" : "addresses"}, ${families}`;
    const summary = isIP(host) === 0 ? `${place}: ${found}` : `${place} is an address, with no name to look up`;
    yield { finding: { check: "dns", status: "ok", summary } };
  } catch (error) {
    const typed = proxy?.variable ?? (isExa(target) ? undefined : "EXA_BASE_URL");
    const letter = typed === undefined ? "" : `, and for a wrong letter in ${typed}`;
    const behind = proxy === undefined ? " Behind a proxy, set HTTPS_PROXY." : "";
    const advice = `Check the network and the DNS server of this machine${letter}.${behind}`;
    yield { finding: failed("dns", explainSocketError(error, place), hide, advice) };
    return;
  }

  const startedAt = clock.now();
  let socket: Socket;
  try {
    const dialed = (signal: AbortSignal) => dial(host, portOf(near), { clock, signal, resolve: async () => addresses });
    socket = await limited(exam, dialed, LIMIT_MS, place);
    sockets.push(socket);
    if (proxy !== undefined) socket = await throughProxy(exam, socket, proxy);
    const ms = Math.round(clock.now() - startedAt);
    const summary = `connected to ${proxy === undefined ? place : `the API through ${place}`} in ${ms} ms`;
    yield { finding: { check: "connect", status: "ok", summary, facts: { ms } } };
  } catch (error) {
    const advice =
      proxy === undefined
        ? "A firewall may be in the way: let this machine reach the host, or set HTTPS_PROXY to the proxy that it has to go through."
        : undefined;
    yield { finding: failed("connect", explainSocketError(error, place), hide, advice) };
    return;
  }

  try {
    const secure = await limited(exam, (signal) => secured(socket, target, signal), LIMIT_MS, hide(target.host));
    yield { finding: tlsFinding(secure) };
    sockets.push(secure);
  } catch (error) {
    yield { finding: failed("tls", explainSocketError(error, hide(target.host)), hide) };
    return;
  }

  try {
    const answer = await limited(exam, (signal) => askWithoutKey(exam, signal), LIMIT_MS, hide(target.host));
    const finding = answerFinding(exam, answer);
    yield finding.status === "fail" ? { finding } : { finding, answer };
  } catch (error) {
    yield { finding: failed("api", error, hide) };
  }
}

function proxyFinding({ config, hide }: Exam, proxy: HttpProxy | undefined): Finding {
  const { httpsProxy, httpProxy } = config.proxies;
  const isSet = Boolean(httpsProxy || httpProxy);
  if (proxy === undefined) {
    const why = isLoopback(config.baseUrl.hostname)
      ? "this machine is always reached directly"
      : "NO_PROXY names the host";
    return { check: "proxy", status: "ok", summary: isSet ? `not used: ${why}` : "none", facts: { used: false } };
  }
  const asks = proxy.authorization === undefined ? "" : ", with a user and a password";
  return { check: "proxy", status: "ok", summary: `${hide(proxy.name)}${asks}`, facts: { used: true } };
}

/** A tunnel to the API, as the server opens it for each of its connections. */
async function throughProxy(exam: Exam, near: Socket, proxy: HttpProxy): Promise<Socket> {
  const { baseUrl } = exam.config;
  const isSecure = proxy.url.protocol === "https:";
  const socket = await limited(exam, (signal) => secured(near, proxy.url, signal), LIMIT_MS, proxy.name).catch(
    (error) => {
      throw blame(proxy, error, error instanceof TlsError ? "plain HTTP" : undefined);
    },
  );
  const authority = `${baseUrl.hostname}:${portOf(baseUrl)}`;
  await limited(exam, (signal) => openTunnel(socket, proxy, authority, signal), LIMIT_MS, proxy.name).catch((error) => {
    throw blame(proxy, error, isSecure ? undefined : "TLS");
  });
  return socket;
}

function tlsFinding(socket: Socket): Finding {
  if (!(socket instanceof TLSSocket)) return { check: "tls", status: "ok", summary: "plain HTTP on this machine" };
  const protocol = socket.getProtocol() ?? "TLS";
  const isPublic = isOfPublicAuthority(socket);
  const whose = isPublic
    ? "a certificate of a public authority"
    : "a certificate of an authority that this machine was told to trust: something on the way may read what is sent";
  return { check: "tls", status: "ok", summary: `${protocol}, ${whose}`, facts: { protocol, isPublic } };
}

/** Whether the chain of certificates ends at one of the authorities that Node itself brings. */
function isOfPublicAuthority(socket: TLSSocket): boolean {
  let last = socket.getPeerCertificate(true);
  while (last.issuerCertificate && last.issuerCertificate.fingerprint256 !== last.fingerprint256) {
    last = last.issuerCertificate;
  }
  if (!last.raw) return false;
  const end = new X509Certificate(last.raw);
  return rootCertificates.some((text) => {
    const root = new X509Certificate(text);
    return root.fingerprint256 === end.fingerprint256 || end.checkIssued(root);
  });
}

async function askWithoutKey({ config, transport, clock }: Exam, signal: AbortSignal): Promise<KeylessAnswer> {
  const { origin, pathname } = config.baseUrl;
  const url = new URL(`${origin}${pathname.replace(/\/+$/, "")}/websets/v0/events?limit=1`);
  const headers = { accept: "application/json", "user-agent": `websets-events-mcp/${VERSION}` };
  const sentAt = clock.wallTime();
  const answer = await transport({ method: "GET", url, headers, signal });
  return { ...answer, sentAt, receivedAt: clock.wallTime() };
}

function answerFinding({ config, hide }: Exam, answer: KeylessAnswer): Finding {
  const { status } = answer;
  const ms = Math.round(answer.receivedAt - answer.sentAt);
  const facts = { status, ms };
  const ok = (summary: string): Finding => ({ check: "api", status: "ok", summary: `${summary}, in ${ms} ms`, facts });
  if (status >= 200 && status < 300) {
    if (!looksLikeHtml(answer)) return ok(`something answers (${status}), also without a key`);
    const what = "a page of HTML answers in place of the API";
    return failed("api", new WebsetsError("unexpected_response", { what, status, advice: GATEWAY }), hide);
  }
  const subject = { name: "a request without a key", url: config.baseUrl };
  const refusal = refusalOf(answer, subject, hide, { server: undefined, ours: answer.receivedAt });
  if (refusal.kind === "unavailable" || refusal.kind === "unexpected_response" || refusal.kind === "rate_limited") {
    return failed("api", refusal, hide, refusal.kind === "unexpected_response" ? GATEWAY : undefined);
  }
  if (refusal.kind === "not_found") {
    const what = "something answers, and does not know the Websets API";
    return failed("api", new WebsetsError("not_found", { what: `${what} (404)`, status, advice: NO_API }), hide);
  }
  return ok(`answers, and refuses a request without a key as it should (${status})`);
}

const NO_API = "Check EXA_BASE_URL: the paths of Websets are put below it, so Exa's own is https://api.exa.ai alone.";
const GATEWAY =
  "A proxy, a firewall or a page to log in to the network answers in place of the API: open the base URL in a browser on this machine to see which, and check EXA_BASE_URL if you set it.";

/** Signatures of webhooks, which `forward` makes, are refused by clocks that differ by more, in milliseconds: Exa's own rule. */
const TOO_FAR_MS = 300_000;
const NEAR_MS = 2_000;

/** Our clock against the answer's `Date`, whose grain is a second. */
function clockAgainst({ headers, sentAt, receivedAt }: KeylessAnswer): Finding {
  const date = parseHttpDate(headers.date);
  if (date === undefined) {
    const advice =
      "Something on the way takes the Date header out of the API's answers: waits then go by the newest event.";
    return { check: "clock", status: "warn", summary: "cannot be compared, for the answer has no Date", advice };
  }
  // Ours less theirs, at least and at most.
  const least = sentAt - (date + 1_000);
  const most = receivedAt - date;
  const off = least > 0 ? least : most < 0 ? most : 0;
  const seconds = Math.round(off / 1_000);
  const facts = { secondsAhead: seconds };
  if (Math.abs(off) <= NEAR_MS) return { check: "clock", status: "ok", summary: "agrees with the API's", facts };
  const summary = `${durationText(Math.abs(seconds))} ${seconds > 0 ? "ahead of" : "behind"} the API's`;
  const advice =
    "Turn on this machine's time synchronisation. Waits go by the API's clock and miss nothing, but certificates and the signatures that forward makes need a clock that is right.";
  return { check: "clock", status: Math.abs(off) < TOO_FAR_MS ? "warn" : "fail", summary, advice, facts };
}

function durationText(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} minutes` : `${Math.round(seconds / 3_600)} hours`;
}
