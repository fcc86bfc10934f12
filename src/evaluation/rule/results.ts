import {
  isArray,
  isContainer,
  isObject,
  type Json,
  type JsonObject,
  onlyMember,
} from "../../core/json.ts";
import type { FindingCode } from "../../flags/finding-table.ts";
import type { Path } from "../../flags/findings.ts";
import type { Operator } from "../operators/operator.ts";
import { operators } from "../operators/table.ts";
import { grant } from "./budget.ts";
import { compileRule } from "./compile.ts";
import { truthy } from "./conversion.ts";

/** One thing that a rule can return, and where that is written. */
export interface Result {
  readonly value: Json;
  readonly path: Path;
  /** The operator that computes it; undefined: it is written as it is. */
  readonly operator: string | undefined;
}

/** All that a rule can return, as far as that can be seen without data. */
export interface Results {
  readonly known: readonly Result[];
  /** It can return other things, too. */
  readonly open: boolean;
}

/** Visits an argument, with the path at its place meanwhile. */
type At = (index: number, visit: () => Results) => Results;
type Report = (code: FindingCode, path: Path, reason: string) => void;

const nothing: Results = { known: [], open: false };
const anything: Results = { known: [], open: true };

/** Longer conditions are not compared with others. */
const maxCondition = 10_000;

/** Follows a rule into every branch that it can take, and reports those that it cannot. */
export class ResultsOfRule {
  readonly #path: (string | number)[];
  /** Conditions that were decided on the way here, as JSON. */
  readonly #decided = new Map<string, boolean>();

  /**
   * @param shared what is written elsewhere and has its place here
   * @param report undefined: branches are not of interest
   */
  constructor(
    path: Path,
    readonly shared: ReadonlySet<object>,
    readonly report: Report | undefined,
  ) {
    this.#path = [...path];
  }

  of(rule: Json): Results {
    if (!isContainer(rule)) return this.#literal(rule);
    if (isArray(rule)) return rule.some(isContainer) ? anything : this.#literal(rule);
    return this.shared.has(rule) ? this.#elsewhere(rule) : this.operation(rule as JsonObject);
  }

  /** @param rule an object, even if it is shared */
  operation(rule: JsonObject): Results {
    const name = onlyMember(rule);
    if (name === undefined) return this.#literal(rule);
    const operand = rule[name] ?? null;
    const operator = operators.get(name);
    // It fails, which is another finding.
    if (operator === undefined) return nothing;
    if (operator.gives) {
      const { gives } = operator;
      const path = this.#path.slice();
      return { known: gives.map((value) => ({ value, path, operator: name })), open: false };
    }
    const isList = isArray(operand);
    const args = isList ? operand : [operand];
    this.#path.push(name);
    const at: At = (index, visit) => {
      if (isList) this.#path.push(index);
      const results = visit();
      if (isList) this.#path.pop();
      return results;
    };
    const results = this.#picked(operator, args, at);
    this.#path.pop();
    return results;
  }

  #picked({ picks }: Operator, args: readonly Json[], at: At): Results {
    switch (picks) {
      case "branch":
        return this.#condition(args, at);
      case "first falsy":
      case "first truthy":
        return this.#firstOrLast(args, picks === "first truthy", at);
      case "arm":
        return this.#arms(args, at);
      default:
        return anything;
    }
  }

  #literal(value: Json): Results {
    return { known: [{ value, path: this.#path.slice(), operator: undefined }], open: false };
  }

  #elsewhere(body: object): Results {
    let found = ofShared.get(body);
    if (found === undefined) {
      ofShared.set(body, anything);
      const inner = new ResultsOfRule([], this.shared, undefined);
      found = inner.operation(body as JsonObject);
      ofShared.set(body, found);
    }
    const path = this.#path.slice();
    return { known: found.known.map((result) => ({ ...result, path })), open: found.open };
  }

  #condition(args: readonly Json[], at: At): Results {
    const reached: Results[] = [];
    const decidedHere: string[] = [];
    let over = false;
    /** @param condition undefined: it was decided before */
    const branch = (index: number, holds: boolean | undefined, condition?: Json) => {
      if (over || holds === false) {
        const what = index % 2 === 0 ? "the result behind all conditions" : "this branch";
        this.#tell(
          index,
          `${what} can never be taken: ${over ? "a condition before it always holds" : whyNot(condition)}`,
        );
        return;
      }
      reached.push(at(index, () => this.of(args[index] ?? null)));
    };
    for (let i = 0; i + 1 < args.length; i += 2) {
      const condition = args[i] ?? null;
      const text = isContainer(condition) ? jsonOf(condition) : undefined;
      const before = text === undefined ? undefined : this.#decided.get(text);
      const holds = constantTruth(condition) ?? before;
      const isNew = text !== undefined && before === undefined;
      if (isNew) this.#decided.set(text, true);
      branch(i + 1, holds, before === undefined ? condition : undefined);
      if (isNew) {
        this.#decided.set(text, false);
        decidedHere.push(text);
      }
      over ||= holds === true;
    }
    if (args.length % 2 === 1) branch(args.length - 1, undefined);
    else if (!over) reached.push({ known: [implied(this.#path)], open: false });
    for (const text of decidedHere) this.#decided.delete(text);
    this.#compare(args, reached);
    return union(reached);
  }

  #compare(args: readonly Json[], reached: readonly Results[]): void {
    // An `else` that is left out is no branch that was written twice.
    if (args.length < 3 || args.length % 2 === 0 || reached.length < 2) return;
    const [{ value } = { value: null }] = reached[0]?.known ?? [];
    // Nearly always: no JSON is made to see that two texts differ.
    const differs = reached.some(({ known: [other] }) => other && isOtherText(other.value, value));
    const first = differs ? undefined : only(reached[0] ?? nothing);
    if (first === undefined || reached.some((other) => only(other) !== first)) return;
    this.report?.(
      "equal-branches",
      this.#path,
      `every branch gives ${first}, so the condition decides nothing: write another variant in one of them, or only the result`,
    );
  }

  #tell(index: number, reason: string): void {
    this.report?.("unreachable-branch", [...this.#path, index], `${reason}: remove or correct it`);
  }

  /** `and` and `or` return one of their arguments, not true or false. */
  #firstOrLast(args: readonly Json[], stop: boolean, at: At): Results {
    const all = args.map((arg, index) => {
      const results = at(index, () => this.of(arg));
      if (index === args.length - 1) return results;
      return {
        known: results.known.filter(({ value }) => truthy(value) === stop),
        open: results.open,
      };
    });
    return union(all);
  }

  #arms(args: readonly Json[], at: At): Results {
    const arms = args.map((arm, index) => {
      if (!isArray(arm)) return index === 0 ? nothing : anything;
      const [variant = null, weight = 1] = arm;
      return weight === 0 ? nothing : at(index, () => this.#variantOf(variant));
    });
    // Without what to split by it gives null.
    return union([...arms, { known: [implied(this.#path)], open: false }]);
  }

  #variantOf(variant: Json): Results {
    this.#path.push(0);
    const results = this.of(variant);
    this.#path.pop();
    return results;
  }
}

/** By the body of an evaluator, which belongs to one document. */
const ofShared = new WeakMap<object, Results>();

function implied(path: Path): Result {
  return { value: null, path: path.slice(), operator: undefined };
}

/** Bounded, for rules may be longer than anybody reads. */
const maxKnown = 10_000;

function union(all: readonly Results[]): Results {
  const known: Result[] = [];
  for (const results of all) {
    for (const result of results.known) if (known.length < maxKnown) known.push(result);
  }
  return { known, open: known.length >= maxKnown || all.some(({ open }) => open) };
}

function isOtherText(one: Json, other: Json): boolean {
  return typeof one === "string" && typeof other === "string" && one !== other;
}

/** The only result, as JSON. */
function only({ known, open }: Results): string | undefined {
  const [first] = known;
  if (open || first === undefined) return undefined;
  const text = JSON.stringify(first.value);
  return known.every((result) => result === first || JSON.stringify(result.value) === text)
    ? text
    : undefined;
}

/** Why a condition does not hold. */
function whyNot(condition: Json | undefined): string {
  if (condition === undefined) return "its condition was asked before";
  const isConstant = isContainer(condition) && isIndependent(condition, { left: maxParts });
  return `its condition ${isConstant ? 'reads no attribute, as {"var": NAME} does, and ' : ""}never holds`;
}

function jsonOf(condition: Json): string | undefined {
  const isLong = isObject(condition) && Object.values(condition).some(hasLongList);
  if (isLong) return undefined;
  const text = JSON.stringify(condition);
  return text.length > maxCondition ? undefined : text;
}

function hasLongList(value: Json): boolean {
  return isArray(value) && value.some((item) => isArray(item) && item.length > 1000);
}

/** Longer rules are not computed just to know whether they are constant. */
const maxParts = 200;
const steps = 10_000;

/** Whether a condition holds, if it does so for every context or for none. */
function constantTruth(condition: Json): boolean | undefined {
  if (!isContainer(condition)) return truthy(condition);
  if (isIndependent(condition, { left: maxParts })) {
    try {
      grant(steps);
      const { run } = compileRule(condition, { flagKey: "", fractional: "v2", report() {} });
      return truthy(run({}));
    } catch {
      return undefined;
    }
  }
  if (!isObject(condition)) return undefined;
  const name = onlyMember(condition) ?? "";
  const operand = condition[name] ?? null;
  const args = isArray(operand) ? operand : [operand];
  const picks = operators.get(name)?.picks;
  if (picks === "first falsy" && args.some((arg) => constantTruth(arg) === false)) return false;
  if (picks === "first truthy" && args.some((arg) => constantTruth(arg) === true)) return true;
  const [, haystack] = args;
  if (name === "in" && (haystack === "" || (isArray(haystack) && haystack.length === 0)))
    return false;
  return undefined;
}

function isIndependent(rule: Json, parts: { left: number }): boolean {
  if (!isContainer(rule)) return true;
  if (--parts.left < 0) return false;
  if (isArray(rule)) {
    return rule.length <= maxParts && rule.every((element) => isIndependent(element, parts));
  }
  const operation = rule as JsonObject;
  const name = onlyMember(operation);
  if (name === undefined) return true;
  const operator = operators.get(name);
  if (operator === undefined || operator.readsContext) return false;
  return isIndependent(operation[name] ?? null, parts);
}
