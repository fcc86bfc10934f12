/** What a field is to HTTP/2: `flawed` is nothing that a request may contain. */
export type FieldKind = "pseudo" | "regular" | "flawed";

/** A header field as it stands in HPACK's tables, looked at once however often it is referred to. */
export interface HeaderField {
  readonly name: string;
  readonly value: string;
  readonly kind: FieldKind;
  /** As HPACK and SETTINGS_MAX_HEADER_LIST_SIZE count (RFC 7541 §4.1). */
  readonly size: number;
}

const fieldOverhead = 32;

/** Lower case only (RFC 9113 §8.2.1), of the characters of a token (RFC 9110 §5.6.2). */
const fieldName = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
const forbiddenInValue = /[\0\r\n]/;
/** Connection-specific fields have no place in HTTP/2 (RFC 9113 §8.2.2). */
const connectionSpecific = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

export function headerField(name: string, value: string): HeaderField {
  return {
    name,
    value,
    kind: kindOf(name, value),
    size: name.length + value.length + fieldOverhead,
  };
}

function kindOf(name: string, value: string): FieldKind {
  if (forbiddenInValue.test(value)) return "flawed";
  if (name.startsWith(":")) return "pseudo";
  if (!fieldName.test(name) || connectionSpecific.has(name)) return "flawed";
  return name === "te" && value !== "trailers" ? "flawed" : "regular";
}

/** RFC 7541 appendix A, from index 1. */
// biome-ignore format: a table
const entries: readonly (readonly [name: string, value?: string])[] = [
  [":authority"], [":method", "GET"], [":method", "POST"], [":path", "/"], [":path", "/index.html"],
  [":scheme", "http"], [":scheme", "https"], [":status", "200"], [":status", "204"], [":status", "206"],
  [":status", "304"], [":status", "400"], [":status", "404"], [":status", "500"], ["accept-charset"],
  ["accept-encoding", "gzip, deflate"], ["accept-language"], ["accept-ranges"], ["accept"],
  ["access-control-allow-origin"], ["age"], ["allow"], ["authorization"], ["cache-control"],
  ["content-disposition"], ["content-encoding"], ["content-language"], ["content-length"],
  ["content-location"], ["content-range"], ["content-type"], ["cookie"], ["date"], ["etag"], ["expect"],
  ["expires"], ["from"], ["host"], ["if-match"], ["if-modified-since"], ["if-none-match"], ["if-range"],
  ["if-unmodified-since"], ["last-modified"], ["link"], ["location"], ["max-forwards"],
  ["proxy-authenticate"], ["proxy-authorization"], ["range"], ["referer"], ["refresh"], ["retry-after"],
  ["server"], ["set-cookie"], ["strict-transport-security"], ["transfer-encoding"], ["user-agent"],
  ["vary"], ["via"], ["www-authenticate"],
];

export const staticTable: readonly HeaderField[] = entries.map(([name, value = ""]) =>
  headerField(name, value),
);

/** The lowest index of each name. */
export const staticNames: ReadonlyMap<string, number> = new Map(
  entries.map(([name], at): [string, number] => [name, at + 1]).reverse(),
);

/** The fields that were seen last, the newest first (RFC 7541 §2.3.2), up to a size. */
export class DynamicTable {
  /** Oldest first; those before `#first` are gone. */
  #fields: (HeaderField | undefined)[] = [];
  #first = 0;
  #size = 0;
  #capacity: number;
  /** Differs after each change. */
  version = 0;

  /** @param capacity as {@link HeaderField.size} counts */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** @param index 0 is the newest */
  at(index: number): HeaderField | undefined {
    const at = this.#fields.length - 1 - index;
    return at < this.#first ? undefined : this.#fields[at];
  }

  /** A field larger than the table empties it (RFC 7541 §4.4). */
  add(field: HeaderField): void {
    this.version++;
    this.#fields.push(field);
    this.#size += field.size;
    this.#evict();
  }

  resize(capacity: number): void {
    this.version++;
    this.#capacity = capacity;
    this.#evict();
  }

  #evict(): void {
    while (this.#size > this.#capacity) {
      this.#size -= this.#fields[this.#first]?.size ?? 0;
      this.#fields[this.#first++] = undefined;
    }
    if (this.#first <= this.#fields.length / 2) return;
    this.#fields = this.#fields.slice(this.#first);
    this.#first = 0;
  }
}
