import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import * as z from "zod/v4";
import { ConfigError, type Environment, keyIn } from "../config.ts";

/** Who calls, as far as the headers tell. */
export type Caller =
  | { kind: "known"; apiKey: string /** The operator's own name for the key, where there is one. */; name?: string }
  /** `why` is a sentence for whoever set up the client; nothing in it is from the request. */
  | { kind: "missing"; why: string }
  | { kind: "refused"; why: string /** Tells what was refused from others, and is a hash. */; name: string };

/** Finds the Exa key that a request is answered with. There is no key for a caller who brings none. */
export type Identify = (headers: IncomingHttpHeaders) => Caller;

/** Exa's keys are UUIDs; whatever else a header holds, this long it is none. */
const CREDENTIAL = /^[\x21-\x7e]{1,256}$/;
const BEARER = /^bearer +(\S+) *$/i;

/**
 * Mode `byok`: callers bring their own Exa key in `x-exa-api-key`, `x-api-key` or `Authorization: Bearer`. The first of these counts,
 * for gateways add headers of their own to what a caller sends.
 */
export const byOwnKey: Identify = (headers) => {
  const given = [headers["x-exa-api-key"], headers["x-api-key"], bearerIn(headers)]
    .map(textOf)
    .filter((text) => text !== "");
  const key = given.find((text) => CREDENTIAL.test(text) && keyIn({ EXA_API_KEY: text }) !== undefined);
  if (key !== undefined) return { kind: "known", apiKey: key };
  const where =
    "Send your own Exa API key in the header x-exa-api-key (x-api-key and Authorization: Bearer will do, too)";
  const what = given.length > 0 ? "What stands in the key's place is no key. " : "";
  return { kind: "missing", why: `missing_key: ${what}${where}. Keys: https://dashboard.exa.ai/api-keys.` };
};

/** One token of the operator's. */
interface Token {
  /** SHA-256. */
  hash: Buffer;
  apiKey: string;
  /** The variable that holds the key. */
  variable: string;
}

const TOKENS = z.record(z.string().regex(/^[0-9a-f]{64}$/i), z.string().regex(/^\w+$/));

/**
 * Reads a file of tokens: one JSON object from each token's SHA-256 in hexadecimal to the name of the variable that holds the Exa key
 * of whoever has that token. Throws `ConfigError` where it is anything else, and for a variable without a key.
 */
export function readTokens(text: string, environment: Environment): readonly Token[] {
  const wanted =
    "one JSON object from the SHA-256 of each token (64 hexadecimal digits) to the name of an environment variable";
  let parsed: z.infer<typeof TOKENS>;
  try {
    parsed = TOKENS.parse(JSON.parse(text));
  } catch {
    throw new ConfigError(`the file of --tokens cannot be used; accepted is ${wanted}`);
  }
  const entries = Object.entries(parsed);
  if (entries.length === 0) throw new ConfigError(`the file of --tokens holds no token; accepted is ${wanted}`);
  return entries.map(([hash, variable]) => {
    const apiKey = keyIn({ EXA_API_KEY: environment[variable] });
    if (apiKey === undefined || !CREDENTIAL.test(apiKey)) {
      throw new ConfigError(`${variable}, which the file of --tokens names, holds no Exa API key`);
    }
    return { hash: Buffer.from(hash, "hex"), apiKey, variable };
  });
}

/** Mode `token`: callers bring a token of the operator's in `Authorization: Bearer` or `x-api-key`, and never see a key. */
export function byToken(tokens: readonly Token[]): Identify {
  return (headers) => {
    const given = textOf(bearerIn(headers)) || textOf(headers["x-api-key"]);
    if (given === "") {
      return {
        kind: "missing",
        why: "missing_key: This server answers to tokens of its operator: send yours as Authorization: Bearer TOKEN.",
      };
    }
    // As long whichever token it is, and whichever part of one: both are hashed, and all are compared.
    const hash = createHash("sha256").update(given).digest();
    let found: Token | undefined;
    for (const token of tokens) if (timingSafeEqual(token.hash, hash)) found = token;
    if (found !== undefined) return { kind: "known", apiKey: found.apiKey, name: found.variable };
    return {
      kind: "refused",
      why: "unauthorized: This server does not know that token. Ask its operator for another one.",
      name: hash.toString("hex"),
    };
  };
}

function bearerIn({ authorization }: IncomingHttpHeaders): string | undefined {
  return authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
}

function textOf(header: string | string[] | undefined): string {
  return typeof header === "string" ? header.trim() : "";
}
