import { isObject, type Json } from "../../core/json.ts";
import { quote, shorten } from "../../core/message-text.ts";
import { type Expression, type Node, type Scope, sequence } from "../rule/expression.ts";
import { type Operator, unusable } from "./operator.ts";

type Relation = (a: Version, b: Version) => boolean;

const sameMajor: Relation = (a, b) => a.major === b.major;

const relations: ReadonlyMap<unknown, Relation> = new Map<unknown, Relation>([
  ["=", (a, b) => compareVersions(a, b) === 0],
  ["!=", (a, b) => compareVersions(a, b) !== 0],
  [">", (a, b) => compareVersions(a, b) > 0],
  ["<", (a, b) => compareVersions(a, b) < 0],
  [">=", (a, b) => compareVersions(a, b) >= 0],
  ["<=", (a, b) => compareVersions(a, b) <= 0],
  ["~", (a, b) => sameMajor(a, b) && a.minor === b.minor],
  ["^", sameMajor],
]);

/**
 * `{"sem_ver": [version, relation, version]}`; a relation is one of = != < <= > >= and ^ (same
 * major) and ~ (same major and minor). Input that it cannot use is reported and gives null.
 */
export const semVer: Operator = {
  name: "sem_ver",
  arity: [3, 3],
  args: ["any"],
  evaluates: "all",
  gives: [true, false, null],
  doc: "whether two versions are related: `=` `!=` `<` `<=` `>` `>=`, `^` same major version, `~` same major and minor version",
  example: { sem_ver: [{ var: "version" }, ">=", "2.1.0"] },
  check(args, problem) {
    if (args.length !== 3) return;
    const [, relation] = args;
    if (!isObject(relation) && !relations.has(relation))
      problem(`the second argument must be one of ${[...relations.keys()].join(" ")}`);
    for (const place of [0, 2]) {
      const version = args[place];
      if (isObject(version) || readVersion(version) !== undefined) continue;
      const shown = typeof version === "string" ? quote(version) : show(version);
      const reason = `${shown} is no version, so this gives null: write one such as "1.2.3"${adviceFor(version)}`;
      problem(reason, place, "no-version");
    }
  },
  compile(operand, scope) {
    if (!Array.isArray(operand)) return fromList(scope.compile(operand).run, undefined, scope);
    const nodes = operand.map((rule) => scope.compile(rule));
    return againstConstant(nodes, scope) ?? fromList(sequence(nodes), nodes, scope);
  },
};

/** What seems to be meant by a range or a pattern. */
function adviceFor(version: Json | undefined): string {
  if (typeof version !== "string") return "";
  if (/^(?:[<>=!~^]|\\[=~^])/.test(version)) return ", and the relation as the second argument";
  if (/[*xX]|\\|\|\|| - /.test(version))
    return ', and for a range two comparisons, or "^" or "~" as the second argument';
  return "";
}

/** A relation and a target that need no data are read now. */
function againstConstant(nodes: readonly Node[], scope: Scope): Expression | undefined {
  const [value, relation, target, ...others] = nodes;
  const relate = relations.get(relation?.constant?.value);
  const version = readVersion(target?.constant?.value);
  if (value === undefined || relate === undefined || version === undefined || others.length > 0)
    return undefined;
  return (data) => {
    const found = value.run(data);
    const parsed = readVersion(found);
    return parsed ? relate(parsed, version) : notAVersion("property value", found, value, scope);
  };
}

function fromList(run: Expression, nodes: readonly Node[] | undefined, scope: Scope): Expression {
  return (data) => {
    const list = run(data);
    if (!Array.isArray(list)) return refuse(scope, " is not an array");
    if (list.length !== 3)
      return refuse(scope, " must contain a value, an operator, and a comparison target");
    const [value, relation, target]: unknown[] = list;
    const a = readVersion(value);
    if (a === undefined) return notAVersion("property value", value, nodes?.[0], scope);
    const relate = relations.get(relation);
    if (relate === undefined)
      return refuse(scope, `: could not parse operator: ${show(relation)} is none`);
    const b = readVersion(target);
    return b ? relate(a, b) : notAVersion("value", target, nodes?.[2], scope);
  };
}

/** A number counts if its text is a version: 1 and 1.5, but not 1e6 and above, as in Go. */
function readVersion(value: unknown): Version | undefined {
  if (typeof value === "number")
    return value < 1e6 && (value >= 1e-4 || value === 0) ? parseVersion(String(value)) : undefined;
  return typeof value === "string" ? parseVersion(value) : undefined;
}

function notAVersion(which: string, value: unknown, node: Node | undefined, scope: Scope): null {
  if (unusable(scope, "sem_ver", "a version", node, value)) return null;
  return refuse(
    scope,
    `: could not parse target ${which}: ${show(value)} is not a valid semantic version string`,
  );
}

function show(value: unknown): string {
  return typeof value === "object" && value !== null
    ? "an array or object"
    : `'${shorten(String(value ?? null))}'`;
}

function refuse(scope: Scope, reason: string): null {
  scope.report("error", `parse sem_ver evaluation data: sem_ver evaluation${reason}`);
  return null;
}

/** A semantic version; numbers are digits without leading zeros, as large as they may be. */
interface Version {
  readonly major: string;
  readonly minor: string;
  readonly patch: string;
  /** Identifiers of the pre-release part; none: a release. */
  readonly preRelease: readonly string[];
}

/** Characters; what is longer is refused before the pattern runs. No version of any registry comes near. */
const maxVersionLength = 256;

const number = "(0|[1-9][0-9]*)";
const identifiers = "([0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)";
const pattern = new RegExp(
  `^[vV]?${number}(?:\\.${number}(?:\\.${number}(?:-${identifiers})?(?:\\+${identifiers})?)?)?$`,
);

/**
 * Reads `MAJOR[.MINOR[.PATCH[-pre][+build]]]` (https://semver.org, with absent parts counting
 * as 0), with or without one leading `v`. undefined if it is none.
 */
export function parseVersion(text: string): Version | undefined {
  if (text.length > maxVersionLength) return undefined;
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [, major = "0", minor = "0", patch = "0", pre] = match;
  const preRelease = pre?.split(".") ?? [];
  if (preRelease.some((identifier) => /^0[0-9]+$/.test(identifier))) return undefined;
  return { major, minor, patch, preRelease };
}

/** Negative, 0 or positive, by the precedence of https://semver.org/#spec-item-11. */
export function compareVersions(a: Version, b: Version): number {
  return (
    compareNumbers(a.major, b.major) ||
    compareNumbers(a.minor, b.minor) ||
    compareNumbers(a.patch, b.patch) ||
    comparePreReleases(a.preRelease, b.preRelease)
  );
}

/** Of digits without leading zeros: the longer is the larger. */
function compareNumbers(a: string, b: string): number {
  return a.length - b.length || compareTexts(a, b);
}

function comparePreReleases(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return b.length - a.length;
  for (const [i, identifier] of a.entries()) {
    const other = b[i];
    if (other === undefined) return 1;
    const order = compareIdentifiers(identifier, other);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** Numbers come before words. */
function compareIdentifiers(a: string, b: string): number {
  const numeric = /^[0-9]+$/;
  if (numeric.test(a)) return numeric.test(b) ? compareNumbers(a, b) : -1;
  return numeric.test(b) ? 1 : compareTexts(a, b);
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
