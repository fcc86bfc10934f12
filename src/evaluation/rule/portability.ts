import {
  isArray,
  isContainer,
  isObject,
  type Json,
  type JsonObject,
  onlyMember,
} from "../../core/json.ts";
import { quote } from "../../core/message-text.ts";
import type { FindingCode } from "../../flags/finding-table.ts";
import type { FindingList, Path } from "../../flags/findings.ts";
import type { Operator } from "../operators/operator.ts";
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

/** Operators that hold only if the attribute is there. */
const asking = new Set(["!!", "==", "===", "in", "sem_ver", "starts_with", "ends_with"]);
/** Stands for all of them where they are not the context's. */
const anyAttribute = "";

class PortabilityCheck {
  readonly #path: (string | number)[];
  /** Attributes that were asked for on the way here, the last one last. */
  readonly #present = new Set(["$flagd.timestamp", "$flagd.flagKey"]);
  readonly #asked: string[] = [];

  constructor(
    path: Path,
    readonly shared: ReadonlySet<object>,
    readonly information: FindingList,
  ) {
    this.#path = [...path];
  }

  rule(rule: JsonObject): void {
    const name = onlyMember(rule);
    if (name === undefined) return;
    const operand = rule[name] ?? null;
    const isList = isArray(operand);
    const args = isList ? operand : [operand];
    const before = this.#asked.length;
    const isCondition = operators.get(name)?.picks === "branch";
    this.#path.push(name);
    this.#operation(name, args);
    for (let index = 0; index < args.length; index++) {
      const arg = args[index] ?? null;
      if (isList) this.#path.push(index);
      this.#visit(arg);
      if (isList) this.#path.pop();
      // What follows is reached only if this holds.
      if (name === "and" || (isCondition && index % 2 === 0)) this.#ask(arg);
      else if (isCondition) this.#forget(before);
    }
    this.#forget(before);
    this.#path.pop();
  }

  /** The attributes that a condition asks for are there if it holds. */
  #ask(condition: Json): void {
    const own = attributeOf(condition);
    if (own !== undefined) {
      this.#add(own);
      return;
    }
    const name = isObject(condition) ? onlyMember(condition) : undefined;
    if (name === undefined) return;
    const operand = (condition as JsonObject)[name] ?? null;
    const args = isArray(operand) ? operand : [operand];
    if (name === "and") {
      for (const arg of args) this.#ask(arg);
      return;
    }
    const differs = (name === "!=" || name === "!==") && args.includes(null);
    if (!differs && (!asking.has(name) || args.includes(null))) return;
    for (const arg of args) {
      const attribute = attributeOf(arg);
      if (attribute !== undefined) this.#add(attribute);
    }
  }

  #add(name: string): void {
    if (this.#present.has(name)) return;
    this.#present.add(name);
    this.#asked.push(name);
  }

  /** @param length how much was asked for before */
  #forget(length: number): void {
    while (this.#asked.length > length) this.#present.delete(this.#asked.pop() ?? "");
  }

  #visit(value: Json): void {
    if (!isContainer(value) || this.shared.has(value)) return;
    if (!isArray(value)) {
      this.rule(value);
      return;
    }
    for (let index = 0; index < value.length; index++) {
      const item = value[index] ?? null;
      // Lists of a hundred thousand persons occur.
      if (!isContainer(item)) continue;
      this.#path.push(index);
      this.#visit(item);
      this.#path.pop();
    }
  }

  #operation(name: string, args: readonly Json[]): void {
    switch (name) {
      case "var":
        this.#variable(args);
        break;
      case "<":
      case "<=":
      case ">":
      case ">=":
        this.#order(args);
        break;
      case "+":
      case "-":
      case "*":
      case "/":
      case "%":
        this.#arithmetic(name, args);
        break;
      case "cat":
        this.#cat(args);
        break;
      case "fractional":
        this.#fractional(args);
        break;
      case "sem_ver":
        this.#version(args);
        break;
      case "!":
      case "!!":
        this.#truth(args[0], 0);
        break;
      default:
        this.#other(operators.get(name), args);
    }
  }

  #other(operator: Operator | undefined, args: readonly Json[]): void {
    if (operator?.picks === "branch") {
      for (let i = 0; i + 1 < args.length; i += 2) this.#truth(args[i], i);
    } else if (operator?.evaluates === "elements") {
      // Its rule sees elements of a list instead of the context.
      this.#add(anyAttribute);
    }
  }

  /** The first attribute among arguments that may be missing. */
  #unsure(args: readonly Json[]): string | undefined {
    for (const arg of args) {
      const name = attributeOf(arg);
      if (name === undefined || this.#present.has(name)) continue;
      return this.#present.has(anyAttribute) ? undefined : name;
    }
    return undefined;
  }

  #order(args: readonly Json[]): void {
    const missing = this.#unsure(args);
    if (missing !== undefined) {
      const asked = JSON.stringify({ "!=": [{ var: missing }, null] });
      const reason = `without the attribute ${quote(missing)} this is true or false by the library: JavaScript takes null as 0, json-logic-java and, if "<=" or ">=" compare with 0, Go's jsonlogic, jsonlogic-rs (Rust) and qubit (Python) do not; ask for it first: {"and": [${asked}, …]}`;
      this.#inform("portable-missing", reason);
    }
    const text = args.find((arg) => typeof arg === "string");
    if (text !== undefined) {
      const reason = `json-logic-java (Java provider) reads ${quote(String(text))} as a number, JavaScript compares texts by their letters: compare numbers (seconds since 1970 for times), and versions by "sem_ver"`;
      this.#inform("portable-text-order", reason);
    }
  }

  #arithmetic(name: string, args: readonly Json[]): void {
    const unsure = this.#unsure(args);
    if (unsure === undefined) return;
    const reason = `${quote(name)} of the attribute ${quote(unsure)}, if it is missing, is an error in Go's jsonlogic and null in Java, and if it is no number, another one in Go than here: ask for it first, or compute it in the application`;
    this.#inform("portable-arithmetic", reason);
  }

  #cat(args: readonly Json[]): void {
    const index = args.findIndex((arg) => arg === null || typeof arg === "boolean");
    if (index === -1) return;
    const part = args[index];
    const elsewhere =
      part === null
        ? "Python (null or None), and an error in Java"
        : "Python (True), and an error in Go";
    const reason = `"cat" of ${JSON.stringify(part)} gives another text in ${elsewhere}: write it as a text`;
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
    const reason = `if the attribute ${quote(name)} is an empty object, JavaScript takes it as true, Go's jsonlogic, json-logic-engine, qubit (Python) and datalogic-rs (Rust) as false: compare it with a value, as in ${JSON.stringify({ "==": [{ var: name }, true] })}`;
    this.#inform("portable-truth", reason, index);
  }

  #inform(code: FindingCode, reason: string, argument?: number): void {
    const path = argument === undefined ? this.#path : [...this.#path, argument];
    this.information.add(code, path, reason);
  }
}

/** The path of a `var` without default; undefined for every other rule. */
function attributeOf(rule: Json): string | undefined {
  if (!isObject(rule) || onlyMember(rule) !== "var") return undefined;
  const operand = rule.var ?? null;
  const path = isArray(operand) ? operand[0] : operand;
  const fallback = isArray(operand) ? operand[1] : undefined;
  return typeof path === "string" && path !== "" && fallback === undefined ? path : undefined;
}

function textsIn(rule: Json): string {
  if (typeof rule === "string") return rule;
  if (!isObject(rule)) return "";
  const { cat } = rule;
  return isArray(cat) ? cat.filter((part) => typeof part === "string").join("") : "";
}
