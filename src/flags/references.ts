import type { Json } from "../core/json.ts";
import { isObject, kindOf } from "../core/json.ts";
import { type FindingList, quote } from "./findings.ts";
import { isPlain } from "./plain.ts";

/**
 * Levels of nesting, references followed. Everything behind this point may recurse over a document
 * without exhausting the stack; 1,000 levels are an else-chain of 500 rules.
 */
export const deepest = 1000;
/** What references and YAML aliases may add to a document, in characters: a few lines could add terabytes. */
const largestExpansion = 32 * 1024 * 1024;

/** A value whose references are replaced, and what it comes to wherever it is used. */
interface Resolved {
  readonly value: Json;
  readonly size: number;
  readonly height: number;
}

/**
 * Replaces every `{"$ref": NAME}`, an object with this one member, by what `$evaluators` has under
 * NAME; makes sure that the values are JSON, of bounded depth and size. Uses of one evaluator share
 * one object. What is wrong becomes null and a problem.
 */
class References {
  readonly #evaluators = new Map<string, unknown>();
  readonly #resolved = new Map<unknown, Resolved | "in progress">();
  /** Evaluators by name, resolved. */
  readonly bodies = new Map<string, Json>();
  #path: (string | number)[] = [];
  #size = 0;
  #reached = 0;
  #added = 0;

  /** @param sharing the document may hold one object in several places (YAML aliases), or in itself. */
  constructor(
    evaluators: Readonly<Record<string, unknown>>,
    readonly problems: FindingList,
    readonly sharing: boolean,
  ) {
    for (const name of Object.keys(evaluators)) this.#evaluators.set(name, evaluators[name]);
    for (const name of this.#evaluators.keys()) this.#evaluator(name, 1);
  }

  /** @param member the member of the document that `value` is. */
  resolve(member: string, value: unknown): Json {
    if (!this.sharing && isPlain(value, deepest)) return value;
    this.#path = [member];
    return this.#walk(value, 1);
  }

  #evaluator(name: string, depth: number): Json {
    return this.#once(`$ref ${name}`, depth, () => {
      const path = this.#path;
      this.#path = ["$evaluators", name];
      const body = this.#walk(this.#evaluators.get(name), depth);
      this.#path = path;
      this.bodies.set(name, body);
      return body;
    });
  }

  /** Resolves what may be used many times at its first use, and counts it at each. */
  #once(id: unknown, depth: number, resolve: () => Json): Json {
    const known = this.#resolved.get(id);
    if (known === "in progress") {
      const what =
        typeof id === "string" ? `the reference ${quote(id.slice(5))}` : "the YAML alias";
      return this.#wrong(`${what} is circular`);
    }
    if (known !== undefined) {
      this.#size += known.size;
      if (this.#added > largestExpansion) return null;
      this.#added += known.size;
      if (this.#added > largestExpansion) {
        const limit = `more than ${largestExpansion} characters`;
        return this.#wrong(`references expand the document by ${limit}: use fewer or shorter ones`);
      }
      return this.#reach(depth + known.height) ? known.value : null;
    }
    this.#resolved.set(id, "in progress");
    const [size, reached] = [this.#size, this.#reached];
    this.#reached = depth;
    const value = resolve();
    this.#resolved.set(id, { value, size: this.#size - size, height: this.#reached - depth });
    this.#reached = Math.max(this.#reached, reached);
    return value;
  }

  #walk(value: unknown, depth: number): Json {
    this.#size++;
    if (value === null || typeof value === "boolean") return value;
    if (typeof value === "string") {
      this.#size += value.length;
      return value;
    }
    if (typeof value === "number") {
      return Number.isFinite(value) ? value : this.#wrong("not a finite 64-bit number");
    }
    if (typeof value !== "object") return this.#wrong(`not a JSON value: ${typeof value}`);
    if (!this.#reach(depth)) return null;
    const container = value;
    if (!this.sharing) return this.#container(container, depth);
    return this.#once(container, depth, () => this.#container(container, depth));
  }

  #container(value: object, depth: number): Json {
    if (Array.isArray(value)) return this.#array(value, depth);
    const prototype = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) {
      return this.#object(value as Readonly<Record<string, unknown>>, depth);
    }
    return this.#wrong("not a JSON value: a YAML tag made it a set, a date or binary data");
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
    if (names.length === 1 && names[0] === "$ref" && typeof object.$ref === "string") {
      const name = object.$ref;
      if (this.#evaluators.has(name)) return this.#evaluator(name, depth);
      return this.#wrong(`the reference ${quote(name)} is not defined in "$evaluators"`);
    }
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
    if (depth <= deepest) return true;
    this.#wrong(`nested more than ${deepest} levels deep (references followed)`);
    return false;
  }

  #wrong(reason: string): null {
    this.problems.add(this.#path, reason);
    return null;
  }
}

/** Resolves the members of a document that flags are made of; all others are not looked at. */
export function resolveReferences(
  document: Readonly<Record<string, unknown>>,
  problems: FindingList,
  sharing: boolean,
): { flags: Json; metadata: Json; evaluators: ReadonlyMap<string, Json> } {
  const evaluators = document.$evaluators ?? {};
  const usable = typeof evaluators === "object" && !Array.isArray(evaluators);
  if (!usable) {
    problems.add(["$evaluators"], `expected an object, found ${kindOf(evaluators as Json)}`);
  }
  const references = new References(
    usable ? (evaluators as Readonly<Record<string, unknown>>) : {},
    problems,
    sharing,
  );
  for (const [name, body] of references.bodies) {
    if (isEmpty(body)) problems.add(["$evaluators", name], "the evaluator is empty: write a rule");
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
