import type { IncomingHttpHeaders } from "node:http";

/** `Bearer` in any case, and a token of visible characters (RFC 6750 §2.1). */
const bearer = /^bearer +([\x21-\x7e]{1,1024})$/i;
const apiKey = /^[\x21-\x7e]{1,1024}$/;

/** The token of a request: `Authorization: Bearer …`, or `X-API-Key`; undefined: it has none that could be one. */
export function credentialOf(headers: IncomingHttpHeaders): string | undefined {
  const { authorization, "x-api-key": key } = headers;
  if (authorization !== undefined) {
    const token = bearer.exec(authorization)?.[1];
    if (token !== undefined) return token;
  }
  return typeof key === "string" && apiKey.test(key) ? key : undefined;
}
