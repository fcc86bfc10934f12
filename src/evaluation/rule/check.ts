import type { Json, JsonObject } from "../../core/json.ts";
import { isArray, isContainer, isObject, kindOf } from "../../core/json.ts";
import { didYouMean } from "../../core/nearest.ts";
import { type FindingList, type Path, quote } from "../../flags/findings.ts";
import { any, type Operator } from "../operators/operator.ts";
import { operators } from "../operators/table.ts";

/**
 * Warns of targeting that cannot work as it is written: unknown operators, wrong numbers of
 * arguments, arguments of types that an operator never takes. What an argument computes is not known.
 * @param shared parts that are checked elsewhere.
 */
export function checkTargeting(
  targeting: Json,
  path: Path,
  shared: ReadonlySet<object>,
  warnings: FindingList,
): void {
  if (!isObject(targeting)) {
    warnings.add(path, `targeting must be an object, found ${kindOf(targeting)}`);
  } else if (Object.keys(targeting).length > 0) {
    new TargetingCheck(path, shared, warnings).rule(targeting);
  }
}

const failure = "evaluating it fails with PARSE_ERROR";

class TargetingCheck {
  readonly #path: (string | number)[];

  constructor(
    path: Path,
    readonly shared: ReadonlySet<object>,
    readonly warnings: FindingList,
  ) {
    this.#path = [...path];
  }

  rule(rule: JsonObject): void {
    const names = Object.keys(rule);
    const [name] = names;
    if (name === undefined) return;
    if (names.length > 1) {
      const count = `an operation has exactly one member, found ${names.length}`;
      this.#warn(`${count}, so this is a literal, not an operation`);
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
      if (typeof value !== "string")
        this.#warn(`a reference is the name of an evaluator, found ${kindOf(value)}: ${failure}`);
      return;
    }
    const operator = operators.get(name);
    if (operator === undefined) {
      const guess = didYouMean(name, operators.keys(), quote);
      this.#warn(`unknown operator ${quote(name)}${guess}: ${failure}`);
      return;
    }
    const [min, max] = operator.arity;
    // A single argument may stand without the array, and an operation may compute the array.
    if (!isArray(value)) {
      if (min > 1 && !isObject(value)) {
        this.#warn(`expected an array of arguments, found ${kindOf(value)}`);
      }
      this.#arguments(operator, [value]);
      this.#expression(value);
      return;
    }
    if (value.length < min || value.length > max) {
      const count = min === max ? `${min}` : `${min} to ${max}`;
      const wanted = max === any ? `at least ${min}` : count;
      this.#warn(`${quote(name)} takes ${wanted} arguments, found ${value.length}`);
    }
    this.#arguments(operator, value);
    this.#each(value);
  }

  #arguments({ args: types, check }: Operator, values: readonly Json[]): void {
    if (types.includes("text")) {
      const wrong = values.find((value, i) => {
        return (
          (types[i] ?? types.at(-1)) === "text" && typeof value !== "string" && !isObject(value)
        );
      });
      if (wrong !== undefined) this.#warn(`expected strings, found ${kindOf(wrong)}`);
    }
    check?.(values, (reason, argument) => {
      if (argument !== undefined) this.#path.push(argument);
      this.#warn(reason);
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

  #warn(reason: string): void {
    this.warnings.add(this.#path, reason);
  }
}
