import { messageOf } from "../core/errors.ts";
import { isArray, isObject, type Json, type JsonObject } from "../core/json.ts";
import { referenceOf } from "../flags/evaluator-order.ts";
import { armOf, bucketOf, type Distribution } from "./operators/fractional/distribution.ts";
import { operators } from "./operators/table.ts";
import type { Node, RuleObserver } from "./rule/expression.ts";

/** One part of a rule, and what it came to. */
export interface Step {
  /** Where it is: `targeting.if[0].in[1]`. */
  readonly path: string;
  readonly rule: Json;
  /** Of an operation; undefined for a value, and for a list that has operations in it. */
  readonly operator: string | undefined;
  /** The evaluators whose `$ref` stands here, each one referring to the next. */
  readonly references: readonly string[];
  readonly parts: readonly Step[];
  /** How often it ran: more than once inside `map`, `filter` and the like. 0: it was not reached. */
  readonly runs: number;
  /** Of the first runs; of a value that is known beforehand, that value, even if it was not reached. */
  readonly results: readonly unknown[];
  /** Why the last run failed. */
  readonly error: string | undefined;
  /** The part whose result is the result of this one: the branch of an `if`, what ended an `and` or `or`. */
  readonly decidedBy: Step | undefined;
  /** Of `fractional`. */
  readonly bucket: Bucket | undefined;
  /** What it could not use. */
  readonly notes: readonly string[];
}

/** How `fractional` picked. */
export interface Bucket {
  /** The value, or flag key and targetingKey. */
  readonly by: unknown;
  /** Unsigned, 32 bits. */
  readonly hash: number;
  /** From 0 to `total` - 1. */
  readonly bucket: number;
  /** The sum of all weights. */
  readonly total: number;
  readonly arms: readonly Arm[];
  /** The place of the arm that won; -1 if all weights are 0. */
  readonly won: number;
}

/** One variant of a `fractional`, with its buckets: from `from` up to, not including, `to`. */
export interface Arm {
  readonly variant: unknown;
  readonly from: number;
  readonly to: number;
}

/** A rule as its document has it, before its references were replaced. */
export interface WrittenRule {
  readonly targeting: unknown;
  readonly evaluators: Readonly<Record<string, unknown>>;
}

type Writable<Value> = { -readonly [Name in keyof Value]: Value[Name] };

interface TracedStep extends Writable<Omit<Step, "parts" | "results" | "notes" | "decidedBy">> {
  parts: TracedStep[];
  results: unknown[];
  notes: string[];
  decidedBy: TracedStep | undefined;
  /** The part of this rule in the document. */
  written: unknown;
  /** The next argument that may be compiled. */
  next: number;
  /** The part that ran last in the last run. */
  lastPart: TracedStep | undefined;
}

/** Results that are kept of a part that runs for every element of a list. */
const maxResults = 10;
const maxNotes = 3;

/**
 * Follows the targeting of one flag. It sees the operators at work and does not imitate them, so that what it
 * tells is what has happened.
 */
export class Trace implements RuleObserver {
  readonly #written: WrittenRule;
  #root: TracedStep | undefined;
  #compiling: TracedStep | undefined;
  #running: TracedStep | undefined;
  #by: unknown;

  constructor(written: WrittenRule) {
    this.#written = written;
  }

  /** The whole rule; undefined: there is none. */
  get root(): Step | undefined {
    return this.#root;
  }

  /** Takes what an operation could not use. False: none is running. */
  note(message: string): boolean {
    const notes = this.#running?.notes;
    if (notes === undefined) return false;
    if (notes.length < maxNotes && !notes.includes(message)) notes.push(message);
    return true;
  }

  compile(rule: Json | undefined, compile: () => Node): Node {
    // An argument that is absent.
    if (rule === undefined) return compile();
    const parent = this.#compiling;
    const step = parent ? partOf(parent, rule, this.#written) : this.#whole(rule);
    if (parent) parent.parts.push(step);
    else this.#root = step;
    this.#compiling = step;
    try {
      const node = compile();
      if (node.constant) step.results = [node.constant.value];
      return { ...node, run: (data) => this.#run(step, node, data) };
    } finally {
      this.#compiling = parent;
    }
  }

  bucketBy(key: unknown): void {
    this.#by = key;
  }

  bucket(hash: number, distribution: Distribution): void {
    const step = this.#running;
    if (step === undefined) return;
    const { variants, bounds, total } = distribution;
    const bucket = bucketOf(hash, distribution);
    const arms = variants.map((variant, i) => ({
      variant,
      from: bounds[i - 1] ?? 0,
      to: bounds[i] ?? 0,
    }));
    const won = armOf(bucket, distribution);
    step.bucket = { by: this.#by, hash, bucket, total, arms, won };
  }

  #whole(rule: Json): TracedStep {
    return newStep("targeting", rule, this.#written.targeting, this.#written);
  }

  #run(step: TracedStep, { run, constant }: Node, data: unknown): unknown {
    const parent = this.#running;
    this.#running = step;
    step.runs++;
    step.lastPart = undefined;
    try {
      const result = run(data);
      if (!constant && step.results.length < maxResults) step.results.push(result);
      step.error = undefined;
      step.decidedBy = decidedBy(step);
      return result;
    } catch (error) {
      step.error = messageOf(error);
      step.decidedBy = step.lastPart;
      throw error;
    } finally {
      this.#running = parent;
      if (parent) parent.lastPart = step;
    }
  }
}

/** The part whose result an operation handed on, if it is one that does. */
function decidedBy({ operator, lastPart, parts }: TracedStep): TracedStep | undefined {
  if (lastPart === undefined || operators.get(operator ?? "")?.evaluates !== "needed")
    return undefined;
  if (operator === "and" || operator === "or") return lastPart;
  // A condition that did not hold, without anything behind it, is not the result.
  const place = parts.indexOf(lastPart);
  return place % 2 === 1 || place === parts.length - 1 ? lastPart : undefined;
}

function partOf(parent: TracedStep, rule: Json, written: WrittenRule): TracedStep {
  const { operator, path } = parent;
  const at = operator === undefined ? path : `${path}.${operator}`;
  const operand = operator === undefined ? parent.rule : (parent.rule as JsonObject)[operator];
  const operandWritten = operator === undefined ? parent.written : member(parent.written, operator);
  if (!isArray(operand)) return newStep(at, rule, operandWritten, written);
  const place = operand.indexOf(rule, parent.next);
  // A value that the operator adds.
  if (place < 0) return newStep(at, rule, undefined, written);
  parent.next = place + 1;
  return newStep(`${at}[${place}]`, rule, member(operandWritten, place), written);
}

function newStep(path: string, rule: Json, written: unknown, all: WrittenRule): TracedStep {
  const names = isObject(rule) ? Object.keys(rule) : [];
  const references: string[] = [];
  let origin = written;
  for (;;) {
    const name = typeof origin === "object" && origin !== null ? referenceOf(origin) : undefined;
    // One that could not be replaced is still in the rule.
    if (name === undefined || references.includes(name) || names[0] === "$ref") break;
    references.push(name);
    origin = member(all.evaluators, name);
  }
  return {
    path,
    rule,
    operator: names.length === 1 ? names[0] : undefined,
    references,
    parts: [],
    runs: 0,
    results: [],
    error: undefined,
    decidedBy: undefined,
    bucket: undefined,
    notes: [],
    written: origin,
    next: 0,
    lastPart: undefined,
  };
}

function member(value: unknown, name: string | number): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string | number, unknown>>)[name];
}
