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
