import { isObject, type Json, kindOf } from "../core/json.ts";
import { quote } from "../core/message-text.ts";
import { didYouMean } from "../core/nearest.ts";
import { inOrderOfUse, referenceOf } from "./evaluator-order.ts";
import type { FindingCode } from "./finding-table.ts";
import type { Findings } from "./findings.ts";

/**
 * Whether a value that JSON.parse made has nothing to resolve and nothing wrong: no `$ref`, no number
 * beyond 64 bits, at most `levels` levels. Of nearly all documents this is true, and finding that out
 * takes a fraction of the time that going through them with a path does.
 */
export function isPlain(value: unknown, levels: number): value is Json {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || value === null) return true;
  if (levels === 0) return false;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const item: unknown = value[i];
      if (typeof item !== "string" && !isPlain(item, levels - 1)) return false;
    }
    return true;
  }
  for (const name in value) {
    if (name === "$ref") return false;
    const member = (value as Record<string, unknown>)[name];
    if (typeof member !== "string" && !isPlain(member, levels - 1)) return false;
  }
  return true;
}

/**
 * Levels of nesting, references followed. Everything behind this point may recurse over a document
 * without exhausting the stack; 1,000 levels are an else-chain of 500 rules.
 */
export const maxDepth = 1000;
/** What references and YAML aliases may add to a document, in characters: a few lines could add terabytes. */
const maxExpansion = 32 * 1024 * 1024;

/** A value whose references are replaced, and what it comes to at each use. */
interface Resolved {
  readonly value: Json;
  readonly size: number;
  readonly height: number;
}

/**
 * Replaces every `{"$ref": NAME}`, an object with this one member, by what `$evaluators` has under
 * NAME; makes sure that the values are JSON, of bounded depth and size. Uses of one evaluator share
 * one object. A reference that cannot be replaced stays as it is, with a warning: a rule that reaches it
 * fails when it is evaluated. What else is wrong becomes null and a problem.
 */
class References {
  readonly #evaluators = new Map<string, unknown>();
  readonly #findings: Findings;
  /** Resolved evaluators. */
  readonly #known = new Map<string, Resolved>();
  /** What YAML aliases may use several times. */
  readonly #shared = new Map<object, Resolved | "in progress">();
  #path: (string | number)[] = [];
  #size = 0;
  #reached = 0;
  #added = 0;

  /** @param sharing the document may hold one object in several places (YAML aliases), or in itself. */
  constructor(
    evaluators: Readonly<Record<string, unknown>>,
    findings: Findings,
    readonly sharing: boolean,
  ) {
    this.#findings = findings;
    for (const name of Object.keys(evaluators)) this.#evaluators.set(name, evaluators[name]);
    for (const name of inOrderOfUse(this.#evaluators, maxDepth)) {
      this.#path = ["$evaluators", name];
      // An evaluator takes room only if a flag uses it.
      this.#added = 0;
      const resolved = this.#measured(1, () => this.#walk(this.#evaluators.get(name), 1));
      this.#known.set(name, resolved);
    }
    this.#added = 0;
  }

  /** Evaluators by name, resolved. */
  get bodies(): ReadonlyMap<string, Json> {
    return new Map(Array.from(this.#known, ([name, { value }]) => [name, value]));
  }

  /** @param member the member of the document that `value` is. */
  resolve(member: string, value: unknown): Json {
    if (!this.sharing && isPlain(value, maxDepth)) return value;
    this.#path = [member];
    return this.#walk(value, 1);
  }

  #measured(depth: number, resolve: () => Json): Resolved {
    const [size, reached] = [this.#size, this.#reached];
    this.#reached = depth;
    const value = resolve();
    const resolved = { value, size: this.#size - size, height: this.#reached - depth };
    this.#reached = Math.max(this.#reached, reached);
    return resolved;
  }

  /** @param reference the object that stands for the evaluator */
  #reference(reference: Json, name: string, depth: number): Json {
    const known = this.#known.get(name);
    const problem = this.#obstacle(name, known, depth);
    if (known === undefined || problem !== undefined) {
      const reason = `the reference ${quote(name)} ${problem}`;
      this.#findings.warnings.add(
        "unresolved-reference",
        this.#path,
        `${reason}: a rule that reaches it fails with PARSE_ERROR`,
      );
      return reference;
    }
    this.#size += known.size;
    this.#added += known.size;
    this.#reached = Math.max(this.#reached, depth + known.height);
    return known.value;
  }

  /** Why a reference cannot be replaced. */
  #obstacle(name: string, known: Resolved | undefined, depth: number): string | undefined {
    if (known === undefined) {
      if (this.#evaluators.has(name)) return "is circular";
      const guess = didYouMean(name, this.#evaluators.keys(), quote);
      return `is not defined in "$evaluators"${guess}`;
    }
    if (depth + known.height > maxDepth) return `is nested more than ${maxDepth} levels deep`;
    if (this.#added + known.size > maxExpansion)
      return `expands the document by more than ${maxExpansion} characters`;
    return undefined;
  }

  /** Resolves what a YAML alias may use many times at its first use, and counts it at each. */
  #once(container: object, depth: number): Json {
    const known = this.#shared.get(container);
    if (known === "in progress") return this.#wrong("the YAML alias is circular");
    if (known !== undefined) {
      this.#size += known.size;
      if (this.#added > maxExpansion) return null;
      this.#added += known.size;
      if (this.#added > maxExpansion) {
        const limit = `more than ${maxExpansion} characters`;
        return this.#wrong(`aliases expand the document by ${limit}: use fewer or shorter ones`);
      }
      return this.#reach(depth + known.height) ? known.value : null;
    }
    this.#shared.set(container, "in progress");
    const resolved = this.#measured(depth, () => this.#container(container, depth));
    this.#shared.set(container, resolved);
    return resolved.value;
  }

  #walk(value: unknown, depth: number): Json {
    this.#size++;
    if (value === null || typeof value === "boolean") return value;
    if (typeof value === "string") {
      this.#size += value.length;
      return value;
    }
    if (typeof value === "number") {
      return Number.isFinite(value)
        ? value
        : this.#wrong("not a finite 64-bit number", "no-json-value");
    }
    if (typeof value !== "object")
      return this.#wrong(`not a JSON value: ${typeof value}`, "no-json-value");
    const name = referenceOf(value);
    if (name !== undefined) return this.#reference(value as Json, name, depth);
    if (!this.#reach(depth)) return null;
    return this.sharing ? this.#once(value, depth) : this.#container(value, depth);
  }

  #container(value: object, depth: number): Json {
    if (Array.isArray(value)) return this.#array(value, depth);
    const prototype = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) {
      return this.#object(value as Readonly<Record<string, unknown>>, depth);
    }
    const made = "a YAML tag made it a set, a date or binary data";
    return this.#wrong(`not a JSON value: ${made}`, "no-json-value");
  }

  #array(array: readonly unknown[], depth: number): Json {
    let copy: Json[] | undefined;
    for (let i = 0; i < array.length; i++) {
      this.#path.push(i);
      const resolved = this.#walk(array[i], depth + 1);
      this.#path.pop();
      if (resolved === array[i]) continue;
      copy ??= array.slice() as Json[];
      copy[i] = resolved;
    }
    return copy ?? (array as readonly Json[]);
  }

  #object(object: Readonly<Record<string, unknown>>, depth: number): Json {
    const names = Object.keys(object);
    let copy: Record<string, Json> | undefined;
    for (const name of names) {
      this.#size += name.length;
      this.#path.push(name);
      const resolved = this.#walk(object[name], depth + 1);
      this.#path.pop();
      if (resolved === object[name]) continue;
      // Copies define `__proto__` too as a member, so that the assignment finds it as one.
      copy ??= { ...object } as Record<string, Json>;
      copy[name] = resolved;
    }
    return copy ?? (object as Readonly<Record<string, Json>>);
  }

  #reach(depth: number): boolean {
    this.#reached = Math.max(this.#reached, depth);
    if (depth <= maxDepth) return true;
    this.#wrong(`nested more than ${maxDepth} levels deep (references followed)`);
    return false;
  }

  #wrong(reason: string, code: FindingCode = "limit"): null {
    this.#findings.problems.add(code, this.#path, reason);
    return null;
  }
}

/** Resolves the members of a document that flags are made of; all others are not looked at. */
export function resolveReferences(
  document: Readonly<Record<string, unknown>>,
  findings: Findings,
  sharing: boolean,
): { flags: Json; metadata: Json; evaluators: ReadonlyMap<string, Json> } {
  const evaluators = document.$evaluators ?? {};
  const usable = typeof evaluators === "object" && !Array.isArray(evaluators);
  if (!usable) {
    findings.problems.add(
      "type",
      ["$evaluators"],
      `expected an object, found ${kindOf(evaluators as Json)}`,
    );
  }
  const references = new References(
    usable ? (evaluators as Readonly<Record<string, unknown>>) : {},
    findings,
    sharing,
  );
  for (const [name, body] of references.bodies) {
    if (isEmpty(body)) {
      const reason = "the evaluator is empty: write a rule";
      findings.problems.add("empty-evaluator", ["$evaluators", name], reason);
    }
  }
  const flags = references.resolve("flags", document.flags ?? null);
  const metadata = references.resolve("metadata", document.metadata ?? null);
  return { flags, metadata, evaluators: references.bodies };
}

/** Shorter than three characters as compact JSON: `{}`, `[]`, `""`, `12`. */
function isEmpty(body: Json): boolean {
  if (typeof body === "string") return body === "";
  if (typeof body === "number") return String(body).length < 3;
  if (isObject(body)) return Object.keys(body).length === 0;
  return Array.isArray(body) && body.length === 0;
}

/** The names of all references in values as they stand in a document, which may share objects or hold themselves. */
export function* referencesIn(values: readonly unknown[]): Generator<string> {
  const seen = new Set<object>();
  const open: unknown[] = [...values];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    const name = referenceOf(value);
    if (name !== undefined) yield name;
    else for (const member of Object.values(value)) open.push(member);
  }
}
