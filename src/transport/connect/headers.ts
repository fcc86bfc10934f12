import type { IncomingHttpHeaders } from "node:http";
import type { HeaderFields } from "./exchange.ts";

/** Connect would look for an encoding, a time or a version without a name; Go sees none. */
const absentIfEmpty = new Set([
  "content-encoding",
  "connect-content-encoding",
  "connect-timeout-ms",
  "connect-protocol-version",
]);

/** @throws TypeError where a name or value is none that HTTP allows. */
export function toWebHeaders(fields: IncomingHttpHeaders): Headers {
  const headers = new Headers();
  for (const name in fields) {
    if (name.startsWith(":")) continue;
    const value = fields[name];
    if (value === "" && absentIfEmpty.has(name)) continue;
    if (typeof value === "string") headers.set(name, value);
    else if (value) for (const one of value) headers.append(name, one);
  }
  return headers;
}

export function toFields(headers: Headers | undefined): Record<string, string> {
  const fields: Record<string, string> = {};
  headers?.forEach((value, name) => {
    fields[name] = value;
  });
  return fields;
}

/** A response header as a plain record; Connect writes each at most once. */
export function single(fields: HeaderFields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === "string" ? value : undefined;
}
