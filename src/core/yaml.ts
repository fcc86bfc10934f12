import {
  type Document,
  isScalar,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLParseError,
  type YAMLWarning,
} from "yaml";
import { quote } from "./message-text.ts";

/** A YAML text that was parsed. */
export interface ParsedYaml {
  /** With at least one, the value is of no use. */
  readonly errors: readonly YamlProblem[];
  readonly warnings: readonly YamlProblem[];
  /** What Go would read as a date and is text here. */
  readonly dates: readonly PlainText[];
  /** Words that are booleans in YAML 1.1 and text here: the first one, and how many there are. */
  readonly booleans: { readonly first: PlainText | undefined; readonly count: number };
  /**
   * Keys are strings. What an anchor names is one object, however often it is used, or even used inside
   * itself; values may be of types that JSON lacks.
   * @throws Error for an alias without its anchor, a merge of no map, or nesting that exhausts the stack
   */
  value(): unknown;
}

/** A scalar without quotes, a name or a value. */
export interface PlainText {
  readonly path: readonly (string | number)[];
  readonly text: string;
}

export interface YamlProblem {
  /** From 1. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/**
 * Parses the first document of a text, with anchors and merge keys; plain scalars are read as
 * {@link readScalar} says.
 * @throws Error for nesting that exhausts the parser's stack
 */
export function parseYaml(text: string): ParsedYaml {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: "1.2",
    schema: "core",
    merge: true,
    stringKeys: true,
    prettyErrors: false,
    logLevel: "silent",
    lineCounter: lines,
  });
  const placed = ({ pos, code, message }: YAMLParseError | YAMLWarning) => {
    const { line, col } = lines.linePos(pos[0]);
    const first = code === "DUPLICATE_KEY" ? firstOfKey(document, pos[0]) : undefined;
    if (first === undefined) return { line, column: col, message };
    const before = lines.linePos(first.offset);
    const where = `line ${before.line}, column ${before.col}`;
    const reason = `${quote(first.key)} was there before (${where}): keep one of them`;
    return { line, column: col, message: reason };
  };
  // Of several documents the first one counts.
  const errors = document.errors.filter(({ code }) => code !== "MULTIPLE_DOCS").map(placed);
  const found = errors.length === 0 ? readScalars(document) : nothing;
  return {
    errors,
    // `!!float 3` is none to the library, and a number here.
    warnings: document.warnings
      .filter(({ message }) => !/^Unresolved tag: .*:(?:int|float)$/.test(message))
      .map(placed),
    ...found,
    value: () => document.toJS({ maxAliasCount: -1 }),
  };
}

/** The key that stands there, and where the map that it is in has it for the first time. */
function firstOfKey(
  document: Document,
  at: number,
): { readonly key: string; readonly offset: number } | undefined {
  let found: { readonly key: string; readonly offset: number } | undefined;
  visit(document, {
    Map(_, { items }) {
      const starts = items.map(({ key }) => (isScalar(key) ? key.range?.[0] : undefined));
      const key = items[starts.indexOf(at)]?.key;
      if (!isScalar(key)) return;
      const first = items.findIndex((item) => isScalar(item.key) && item.key.value === key.value);
      const offset = starts[first];
      if (offset === undefined || offset === at) return;
      found = { key: String(key.value), offset };
      return visit.BREAK;
    },
  });
  return found;
}

const nothing = { dates: [], booleans: { first: undefined, count: 0 } };

function readScalars(document: Document): Pick<ParsedYaml, "dates" | "booleans"> {
  const dates: PlainText[] = [];
  let first: PlainText | undefined;
  let count = 0;
  visit(document, {
    Scalar(place, node, ancestors) {
      const { type, source, tag } = node;
      if (source === undefined) return;
      if (tag === "tag:yaml.org,2002:int" || tag === "tag:yaml.org,2002:float") {
        const value = readScalar(source);
        if (typeof value === "number") node.value = value;
      } else if (type === "PLAIN" && tag === undefined) {
        if (isDate(source)) dates.push({ path: pathOf(ancestors, node), text: source });
        else if (boolean.test(source)) {
          first ??= { path: pathOf(ancestors, node), text: source };
          count++;
        }
        if (place !== "key") node.value = readScalar(source);
        else if (source !== "<<") node.value = memberName(source);
      }
    },
  });
  return { dates, booleans: { first, count } };
}

/** Member names and indexes that lead to a node. */
function pathOf(ancestors: readonly unknown[], node: Node): (string | number)[] {
  const path: (string | number)[] = [];
  const chain = [...ancestors, node] as (Node | Pair)[];
  for (const [i, ancestor] of chain.entries()) {
    const next = chain[i + 1];
    if ("key" in ancestor) path.push(String(ancestor.key));
    else if ("items" in ancestor && next && !("key" in next))
      path.push((ancestor.items as unknown[]).indexOf(next));
  }
  return path;
}

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
/** Of YAML 1.1 alone. */
const boolean = /^(?:[yYnN]|[yY]es|YES|[nN]o|NO|[oO]n|ON|[oO]ff|OFF)$/;
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
