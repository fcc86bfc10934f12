import { isArray, isContainer, isObject, type Json, type JsonObject } from "../../core/json.ts";
import { quote } from "../../core/message-text.ts";
import type { FindingCode } from "../../flags/finding-table.ts";
import type { FindingList, Path } from "../../flags/findings.ts";
import { parseVersion } from "../operators/sem-ver.ts";
import { operators } from "../operators/table.ts";

/** Informs of what providers that evaluate the rule in process answer differently. */
export function checkPortability(
  rule: JsonObject,
  path: Path,
  shared: ReadonlySet<object>,
  information: FindingList,
): void {
  new PortabilityCheck(path, shared, information).rule(rule);
}

const orders: ReadonlySet<string> = new Set(["<", "<=", ">", ">="]);
const arithmetic: ReadonlySet<string> = new Set(["+", "-", "*", "/", "%"]);
const max32 = 2 ** 31 - 1;

class PortabilityCheck {
  readonly #path: (string | number)[];
  /** Attributes that were asked for on the way here. */
  #present: ReadonlySet<string> = new Set(["$flagd.timestamp", "$flagd.flagKey"]);

  constructor(
    path: Path,
    readonly shared: ReadonlySet<object>,
    readonly information: FindingList,
  ) {
    this.#path = [...path];
  }

  rule(rule: JsonObject): void {
    const names = Object.keys(rule);
    const [name] = names;
    if (name === undefined || names.length > 1) return;
    const operand = rule[name] ?? null;
    const args = isArray(operand) ? operand : [operand];
    this.#path.push(name);
    this.#operation(name, args);
    const before = this.#present;
    for (let index = 0; index < args.length; index++) {
      const arg = args[index] ?? null;
      if (isArray(operand)) this.#path.push(index);
      this.#visit(arg);
      if (isArray(operand)) this.#path.pop();
      // What follows is reached only if this holds.
      const isAsked = name === "and" || (isCondition(name) && index % 2 === 0);
      const asked = isAsked ? askedBy(arg) : [];
      if (asked.length > 0) this.#present = new Set([...this.#present, ...asked]);
      if (isCondition(name) && index % 2 === 1) this.#present = before;
    }
    this.#present = before;
    this.#path.pop();
  }

  #visit(value: Json): void {
    if (typeof value === "number" && Number.isInteger(value) && Math.abs(value) > max32) {
      const reason = `${value} has more than 32 bits, which json-logic-java (Java provider) does not compare whole: compare a number up to ${max32}, or texts of one length by "==" or "in"`;
      this.#inform("portable-integer", reason);
    }
    if (!isContainer(value) || this.shared.has(value)) return;
    if (isObject(value)) this.rule(value);
    // Lists of a hundred thousand persons occur.
    else if (isArray(value) && value.some(isContainer)) {
      for (const [index, item] of value.entries()) {
        this.#path.push(index);
        this.#visit(item);
        this.#path.pop();
      }
    }
  }

  #operation(name: string, args: readonly Json[]): void {
    if (orders.has(name)) this.#order(args);
    else if (arithmetic.has(name)) this.#arithmetic(name, args);
    else if (name === "cat") this.#cat(args);
    else if (name === "var") this.#variable(args);
    else if (name === "fractional") this.#fractional(args);
    else if (name === "sem_ver") this.#version(args);
    else if (isCondition(name)) {
      for (let i = 0; i + 1 < args.length; i += 2) this.#truth(args[i], i);
    } else if (name === "!" || name === "!!") this.#truth(args[0], 0);
    // Its rule sees elements of a list instead of the context.
    else if (operators.get(name)?.evaluates === "elements")
      this.#present = new Set([...this.#present, ""]);
  }

  #order(args: readonly Json[]): void {
    const missing = args.map(attributeOf).find((name) => name !== undefined && !this.#has(name));
    if (missing !== undefined) {
      const asked = JSON.stringify({ "!=": [{ var: missing }, null] });
      const reason = `without the attribute ${quote(missing)} this is true or false by the library: JavaScript takes null as 0, json-logic-java, jsonlogic-rs (Rust) and, for ">=", Go's jsonlogic do not; ask for it first: {"and": [${asked}, …]}`;
      this.#inform("portable-missing", reason);
    }
    const text = args.find((arg) => typeof arg === "string");
    if (text !== undefined) {
      const reason = `json-logic-java (Java provider) reads ${quote(String(text))} as a number, JavaScript compares texts by their letters: compare numbers (seconds since 1970 for times), and versions by "sem_ver"`;
      this.#inform("portable-text-order", reason);
    }
  }

  #arithmetic(name: string, args: readonly Json[]): void {
    const unsure = args.map(attributeOf).find((path) => path !== undefined && !this.#has(path));
    if (unsure === undefined) return;
    const reason = `${quote(name)} of the attribute ${quote(unsure)}, if it is missing or no number, is an error in Go's jsonlogic and a number or null elsewhere: ask for it first, or compute it in the application`;
    this.#inform("portable-arithmetic", reason);
  }

  #cat(args: readonly Json[]): void {
    const [index, odd] =
      [...args.entries()].find(([, arg]) => arg === null || typeof arg === "boolean") ?? [];
    if (index === undefined) return;
    const reason = `"cat" of ${JSON.stringify(odd)} gives another text in Python (True, None), and an error in Go: write it as a text`;
    this.#inform("portable-cat", reason, index);
  }

  #variable([path, fallback]: readonly Json[]): void {
    if (fallback !== undefined && fallback !== null) {
      const asked = JSON.stringify({
        if: [{ "!=": [{ var: path }, null] }, { var: path }, fallback],
      });
      const reason = `an attribute that is null gives null here, and the default in Python (panzi-json-logic) and Go: leave null out of contexts, or write ${asked}`;
      this.#inform("portable-default", reason);
    }
    if (typeof path === "string" && /\.\d+(?:\.|$)/.test(path)) {
      const reason = `${quote(path)} leads to an element of a list, which Go's jsonlogic gives as null: use "in", "some", or a member with a name`;
      this.#inform("portable-index", reason);
    }
  }

  #fractional(args: readonly Json[]): void {
    const [first = null] = args;
    const versions = isArray(first)
      ? "without a value to split by, version 1 (Java provider), 2 (this daemon, Go, JavaScript) and 3 (Python, Rust) use other hashes"
      : "versions 1 (Java provider), 2 (this daemon, Go, JavaScript) and 3 (Python, Rust) hash the value differently";
    const reason = `${versions}, so that users move to other variants: evaluate by one version everywhere, --fractional v3 here or rpc mode there`;
    this.#inform("portable-bucketing", reason);
    if (!/^[\0-\x7f]*$/.test(textsIn(first))) {
      const other = "flagd-core 4.0.1 (JavaScript provider) hashes UTF-16 units, the others UTF-8";
      this.#inform("portable-bucketing-text", `${other}: split by an ASCII id`, 0);
    }
  }

  #version(args: readonly Json[]): void {
    for (const index of [0, 2]) {
      const version = args[index];
      if (typeof version !== "string" || parseVersion(version) === undefined) continue;
      if (/^v/i.test(version)) {
        const reason = `the Rust provider refuses ${quote(version)}: write ${quote(version.slice(1))}`;
        this.#inform("portable-version", reason, index);
      } else if (!/^\d+\.\d+\.\d/.test(version)) {
        const whole = `${version}${version.includes(".") ? ".0" : ".0.0"}`;
        const reason = `the Java provider refuses ${quote(version)}: write ${quote(whole)}`;
        this.#inform("portable-version", reason, index);
      }
    }
  }

  #truth(condition: Json | undefined, index: number): void {
    const name = attributeOf(condition ?? null);
    if (name === undefined) return;
    const reason = `if the attribute ${quote(name)} is an empty object, JavaScript takes it as true, json-logic-engine, qubit (Python) and datalogic-rs (Rust) as false: compare it with a value, as in ${JSON.stringify({ "==": [{ var: name }, true] })}`;
    this.#inform("portable-truth", reason, index);
  }

  #has(name: string): boolean {
    return this.#present.has(name) || this.#present.has("");
  }

  #inform(code: FindingCode, reason: string, argument?: number): void {
    const path = argument === undefined ? this.#path : [...this.#path, argument];
    this.information.add(code, path, reason);
  }
}

function isCondition(name: string): boolean {
  return operators.get(name)?.picks === "branch";
}

/** The path of a `var` without default; undefined for every other rule. */
function attributeOf(rule: Json): string | undefined {
  if (!isObject(rule)) return undefined;
  const { var: operand, ...others } = rule;
  if (operand === undefined || Object.keys(others).length > 0) return undefined;
  const [path, fallback] = isArray(operand) ? operand : [operand];
  return typeof path === "string" && path !== "" && fallback === undefined ? path : undefined;
}

/** Attributes that are there if the condition holds. */
function askedBy(condition: Json): readonly string[] {
  const own = attributeOf(condition);
  if (own !== undefined) return [own];
  if (!isObject(condition)) return [];
  const [[name, operand] = ["", null]] = Object.entries(condition);
  const args = isArray(operand) ? operand : [operand];
  if (name === "and") return args.flatMap(askedBy);
  const asks = name === "!!" || name === "==" || name === "===" || name === "in";
  const differs = (name === "!=" || name === "!==") && args.includes(null);
  if (!asks && !differs && name !== "sem_ver" && !/_with$/.test(name)) return [];
  if (!differs && args.includes(null)) return [];
  return args.flatMap((arg) => attributeOf(arg) ?? []);
}

function textsIn(rule: Json): string {
  if (typeof rule === "string") return rule;
  if (!isObject(rule)) return "";
  const { cat } = rule;
  return isArray(cat) ? cat.filter((part) => typeof part === "string").join("") : "";
}
