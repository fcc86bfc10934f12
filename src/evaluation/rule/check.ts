import {
  isArray,
  isContainer,
  isObject,
  type Json,
  type JsonObject,
  kindOf,
  onlyMember,
} from "../../core/json.ts";
import { quote } from "../../core/message-text.ts";
import { didYouMean } from "../../core/nearest.ts";
import type { RuleUse } from "../../flags/document-schema.ts";
import type { FindingCode } from "../../flags/finding-table.ts";
import type { FindingList, Path } from "../../flags/findings.ts";
import { any, type Operator } from "../operators/operator.ts";
import { operators } from "../operators/table.ts";
import { checkResults } from "./check-results.ts";
import { checkPortability } from "./portability.ts";

/**
 * Warns of targeting that cannot work as it is written: unknown operators, wrong numbers of
 * arguments, arguments of types that an operator never takes, branches that decide nothing, results that are no
 * variants. What an argument computes is not known.
 */
export function checkTargeting(targeting: Json, path: Path, use: RuleUse): void {
  const { shared, warnings, information } = use;
  if (!isObject(targeting)) {
    const reason = `targeting must be an object, found ${kindOf(targeting)}`;
    warnings.add("no-rule", path, reason);
    return;
  }
  if (isEmpty(targeting)) return;
  if (use.flag === undefined || !shared.has(targeting)) {
    new OperationsCheck(path, shared, warnings).rule(targeting);
    if (information) checkPortability(targeting, path, shared, information);
  }
  checkResults(targeting, path, use);
}

function isEmpty(object: JsonObject): boolean {
  for (const _ in object) return false;
  return true;
}

const failure = "evaluating it fails with PARSE_ERROR";

class OperationsCheck {
  readonly #path: (string | number)[];

  constructor(
    path: Path,
    readonly shared: ReadonlySet<object>,
    readonly warnings: FindingList,
  ) {
    this.#path = [...path];
  }

  rule(rule: JsonObject): void {
    const name = onlyMember(rule);
    if (name === undefined) {
      const { length } = Object.keys(rule);
      if (length === 0) return;
      const count = `an operation has exactly one member, found ${length}`;
      this.#warn("no-operation", `${count}, so this is a literal, not an operation`);
      return;
    }
    this.#path.push(name);
    this.#operation(name, rule[name] ?? null);
    this.#path.pop();
  }

  #expression(value: Json): void {
    if (!isContainer(value) || this.shared.has(value)) return;
    if (isArray(value)) this.#each(value);
    else if (isObject(value)) this.rule(value);
  }

  #operation(name: string, value: Json): void {
    if (name === "$ref") {
      // One that is a text and still there could not be resolved, which was said then.
      if (typeof value === "string") return;
      const reason = `a reference is the name of an evaluator, found ${kindOf(value)}: ${failure}`;
      this.#warn("unresolved-reference", reason);
      return;
    }
    const operator = operators.get(name);
    if (operator === undefined) {
      const guess = /match|regex/i.test(name)
        ? ' (there are no regular expressions: use "starts_with", "ends_with" or "in")'
        : didYouMean(name, operators.keys(), quote);
      this.#warn("unknown-operator", `unknown operator ${quote(name)}${guess}: ${failure}`);
      return;
    }
    const [min, max] = operator.arity;
    // A single argument may stand without the array, and an operation may compute the array.
    if (!isArray(value)) {
      if (min > 1 && !isObject(value)) {
        this.#warn("arity", `expected an array of arguments, found ${kindOf(value)}`);
      }
      this.#arguments(operator, [value]);
      this.#expression(value);
      return;
    }
    if (value.length < min || value.length > max) {
      const count = min === max ? `${min}` : `${min} to ${max}`;
      const wanted = max === any ? `at least ${min}` : count;
      this.#warn("arity", `${quote(name)} takes ${wanted} arguments, found ${value.length}`);
    }
    this.#arguments(operator, value);
    this.#each(value);
  }

  #arguments({ args: types, check }: Operator, values: readonly Json[]): void {
    if (types.includes("text")) {
      const last = types.at(-1);
      const wrong = values.find(
        (value, i) =>
          typeof value !== "string" && (types[i] ?? last) === "text" && !isObject(value),
      );
      if (wrong !== undefined) this.#warn("argument", `expected strings, found ${kindOf(wrong)}`);
    }
    check?.(values, (reason, argument, code = "argument") => {
      if (argument !== undefined) this.#path.push(argument);
      this.#warn(code, reason);
      if (argument !== undefined) this.#path.pop();
    });
  }

  #each(values: readonly Json[]): void {
    for (let i = 0; i < values.length; i++) {
      this.#path.push(i);
      this.#expression(values[i] ?? null);
      this.#path.pop();
    }
  }

  #warn(code: FindingCode, reason: string): void {
    this.warnings.add(code, this.#path, reason);
  }
}
