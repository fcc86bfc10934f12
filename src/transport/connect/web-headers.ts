import type { IncomingHttpHeaders } from "node:http";
import type { HeaderFields } from "../exchange.ts";

/** Headers that count as absent if they are empty, as in Go; Connect would take them at their word. */
const absentIfEmpty = new Set([
  "content-encoding",
  "connect-content-encoding",
  "connect-timeout-ms",
  "connect-protocol-version",
]);

/** @throws TypeError if a name or value is none that HTTP allows. */
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

/** Headers of the Fetch API as an object, by lower-case names. */
export function toFields(headers: Headers | undefined): Record<string, string> {
  const fields: Record<string, string> = {};
  headers?.forEach((value, name) => {
    fields[name] = value;
  });
  return fields;
}

/** The value of a response header that has one value; undefined if it has none or several. */
export function single(fields: HeaderFields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === "string" ? value : undefined;
}
