import { staticNames } from "./tables.ts";

/**
 * Fields in HPACK's plainest form, which refers to nothing but the static table: the same bytes are
 * right on every connection and at any time.
 */
export type HeaderBlock = Uint8Array;

export type BlockFields = Readonly<Record<string, string | number | readonly string[]>>;

/** A table size update to 0 (RFC 7541 §6.3), which the client's table may have to begin a block with. */
export const emptyTable: Uint8Array = Uint8Array.of(0x20);

/** Indexes of whole fields (RFC 7541 appendix A). */
const statuses: ReadonlyMap<string, number> = new Map(
  [200, 204, 206, 304, 400, 404, 500].map((status, n) => [String(status), 8 + n]),
);

/** @param fields by lower-case names, pseudo-header fields first; of text one character is one byte */
export function encodeBlock(fields: BlockFields): HeaderBlock {
  const bytes: number[] = [];
  for (const [name, value] of Object.entries(fields)) {
    for (const one of Array.isArray(value) ? value : [value]) add(bytes, name, String(one));
  }
  return Uint8Array.from(bytes);
}

function add(bytes: number[], name: string, value: string): void {
  const whole = name === ":status" ? statuses.get(value) : undefined;
  if (whole !== undefined) {
    bytes.push(0x80 | whole);
    return;
  }
  const index = staticNames.get(name);
  integer(bytes, 0, 0x0f, index ?? 0);
  if (index === undefined) text(bytes, name);
  text(bytes, value);
}

function text(bytes: number[], value: string): void {
  integer(bytes, 0, 0x7f, value.length);
  for (let at = 0; at < value.length; at++) bytes.push(value.charCodeAt(at) & 0xff);
}

function integer(bytes: number[], flags: number, mask: number, value: number): void {
  if (value < mask) {
    bytes.push(flags | value);
    return;
  }
  bytes.push(flags | mask);
  let rest = value - mask;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
}
