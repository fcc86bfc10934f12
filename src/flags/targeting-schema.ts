import type { Json, JsonObject } from "../core/json.ts";
import { isArray, isContainer, isObject, kindOf } from "../core/json.ts";
import { type FindingList, type Path, quote } from "./findings.ts";

const any = Number.POSITIVE_INFINITY;

/** The fewest and most arguments of every operation: JsonLogic's, then flagd's own. */
const operations: ReadonlyMap<string, readonly [fewest: number, most: number]> = new Map([
  ...named(["var"], 0, 2),
  ...named(["missing", "merge", "cat"], 0, any),
  ...named(["if", "?:"], 2, any),
  ...named(["and", "or", "+", "*", "max", "min"], 1, any),
  ...named(["!", "!!", "log"], 1, 1),
  ...named(["==", "===", "!=", "!==", ">", ">=", "/", "%", "in", "missing_some"], 2, 2),
  ...named(["map", "filter", "all", "none", "some"], 2, 2),
  ...named(["<", "<=", "substr", "reduce"], 2, 3),
  ...named(["-"], 1, 2),
  ...named(["fractional"], 1, any),
  ...named(["sem_ver"], 3, 3),
  ...named(["starts_with", "ends_with"], 2, 2),
]);
const versionComparisons = new Set(["=", "!=", ">", "<", ">=", "<=", "~", "^"]);
const flagdProperties = new Set(["$flagd.flagKey", "$flagd.timestamp"]);

function named(names: readonly string[], fewest: number, most: number) {
  return names.map((name): [string, readonly [number, number]] => [name, [fewest, most]]);
}

/**
 * Warns of targeting that cannot work as it is written: unknown operators, wrong numbers of
 * arguments, arguments of types that an operation never takes. What an argument computes is not known.
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
    const bounds = operations.get(name);
    if (bounds === undefined) {
      this.#warn(`unknown operator ${quote(name)}: evaluating it fails with PARSE_ERROR`);
      return;
    }
    const [fewest, most] = bounds;
    // A single argument may stand without the array, and an operation may compute the array.
    if (!isArray(value)) {
      if (fewest > 1 && !isObject(value)) {
        this.#warn(`expected an array of arguments, found ${kindOf(value)}`);
      }
      this.#arguments(name, [value]);
      this.#expression(value);
      return;
    }
    if (value.length < fewest || value.length > most) {
      const count = fewest === most ? `${fewest}` : `${fewest} to ${most}`;
      const wanted = most === any ? `at least ${fewest}` : count;
      this.#warn(`${quote(name)} takes ${wanted} arguments, found ${value.length}`);
    }
    this.#arguments(name, value);
    this.#each(value);
  }

  #arguments(name: string, values: readonly Json[]): void {
    const [first, second] = values;
    if (name === "var" && typeof first === "string" && first.startsWith("$flagd.")) {
      if (!flagdProperties.has(first)) {
        this.#warn(`${quote(first)} does not exist, only ${[...flagdProperties].join(" and ")} do`);
      }
    } else if (name === "sem_ver" && values.length === 3) {
      if (isObject(second) || (typeof second === "string" && versionComparisons.has(second)))
        return;
      this.#warn(`the second argument must be one of ${[...versionComparisons].join(" ")}`);
    } else if (name === "starts_with" || name === "ends_with") {
      const wrong = values.find((value) => typeof value !== "string" && !isObject(value));
      if (wrong !== undefined) this.#warn(`expected strings, found ${kindOf(wrong)}`);
    } else if (name === "fractional" && values.length > 0) {
      this.#arms(isArray(first) ? values : values.slice(1), isArray(first) ? 0 : 1);
    }
  }

  #arms(arms: readonly Json[], offset: number): void {
    for (const [i, arm] of arms.entries()) {
      if (isObject(arm)) continue;
      this.#path.push(i + offset);
      const weight = isArray(arm) ? (arm[1] ?? 1) : 1;
      if (!isArray(arm) || arm.length === 0) {
        this.#warn('expected ["variant", weight]');
      } else if (!isObject(weight) && !(Number.isInteger(weight) && Number(weight) >= 0)) {
        this.#warn("the weight must be a whole number, 0 or more");
      }
      this.#path.pop();
    }
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
