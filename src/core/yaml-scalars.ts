/** What a plain scalar (one without quotes or tag) means. */
export type Scalar = null | boolean | number | string;

const words: ReadonlyMap<string, Scalar> = new Map<string, Scalar>([
  ...named(null, "", "~", "null", "Null", "NULL"),
  ...named(true, "true", "True", "TRUE"),
  ...named(false, "false", "False", "FALSE"),
  ...named(Number.NaN, ".nan", ".NaN", ".NAN"),
  ...named(Number.POSITIVE_INFINITY, ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"),
  ...named(Number.NEGATIVE_INFINITY, "-.inf", "-.Inf", "-.INF"),
]);

function named(value: Scalar, ...texts: readonly string[]) {
  return texts.map((text): [string, Scalar] => [text, value]);
}

const integer = /^([+-]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+))$/;
const number = /^[+-]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][+-]?[0-9]+)?$/;
/** Digits behind a leading point may be parted by single underscores. */
const fraction = /^\.[0-9]+(?:_[0-9]+)*(?:[eE][+-]?[0-9]+)?$/;
const date = /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:[Tt]|[ \t]+)[0-9].*)?$/;

/** An integer of 64 bits, signed or not; undefined if the text, without underscores, is none. */
function readInteger(digits: string): bigint | undefined {
  const [, sign, hex, binary, octal] = integer.exec(digits) ?? [];
  let value: bigint;
  if (sign !== undefined) value = BigInt(hex ? `0x${hex}` : binary ? `0b${binary}` : `0o${octal}`);
  else if (/^[+-]?(?:0|[1-9][0-9]*)$/.test(digits)) value = BigInt(digits.replace(/^[+-]/, ""));
  else return undefined;
  if (digits.startsWith("-")) return value <= 2n ** 63n ? -value : undefined;
  return value < 2n ** 64n ? value : undefined;
}

/**
 * Reads a plain scalar as gopkg.in/yaml.v3 does, which reads flag documents and configuration files in
 * Go: YAML 1.2, and of YAML 1.1 the integers `0644`, `0b11` and `1_000`. Dates stay text.
 */
export function readScalar(source: string): Scalar {
  const value = read(source);
  return typeof value === "bigint" ? Number(value) : value;
}

/** A member name as Go writes the scalar that stands there. */
export function memberName(source: string): string {
  const value = read(source);
  if (value === null) return "<nil>";
  if (typeof value !== "number") return String(value);
  const size = Math.abs(value);
  // Go's %v of a float64.
  const text = size === 0 || (size >= 1e-4 && size < 1e6) ? String(value) : value.toExponential();
  return text.replace(/e([+-])(\d)$/, "e$10$2");
}

/** True if YAML 1.1, and Go, make a date of the text. */
export function isDate(source: string): boolean {
  return date.test(source);
}

function read(source: string): Scalar | bigint {
  const word = words.get(source);
  if (word !== undefined) return word;
  if (source.startsWith("."))
    return fraction.test(source) ? finite(source.replaceAll("_", ""), source) : source;
  if (!/^[0-9+-]/.test(source)) return source;
  const digits = source.replaceAll("_", "");
  return readInteger(digits) ?? (number.test(digits) ? finite(digits, source) : source);
}

/** What 64 bits cannot hold stays text. */
function finite(digits: string, source: string): number | string {
  const value = Number(digits);
  return Number.isFinite(value) ? value : source;
}
