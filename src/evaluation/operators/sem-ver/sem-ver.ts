import type { Json } from "../../../core/json.ts";
import { shorten } from "../../../core/shorten.ts";
import { type Expression, type Node, type Scope, sequence } from "../../rule/expression.ts";
import type { Operator } from "../operator.ts";
import { unusable } from "../unusable.ts";
import { compareVersions, parseVersion, type Version } from "./version.ts";

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
    if (!isRule(relation) && !relations.has(relation))
      problem(`the second argument must be one of ${[...relations.keys()].join(" ")}`);
    for (const place of [0, 2]) {
      const version = args[place];
      if (isRule(version) || readVersion(version) !== undefined) continue;
      const reason = `${show(version)} is no version, so this gives null: write one such as "1.2.3"${adviceFor(version)}`;
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

function isRule(value: Json | undefined): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
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
