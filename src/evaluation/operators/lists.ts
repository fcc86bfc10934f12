import { isObject, type Json } from "../../core/json.ts";
import { charge, chargeText } from "../rule/budget.ts";
import { textOf, truthy } from "../rule/conversion.ts";
import {
  afterSpare,
  argumentsOf,
  type Expression,
  type Node,
  type Scope,
} from "../rule/expression.ts";
import { any, eager, type Operator } from "./operator.ts";

type Compile = Operator["compile"];

/** Steps that are charged at once for all elements of a list, whether the rule runs on all or not. */
const smallCharge = 256;

/** The rule for the elements of a list, which charges for all its operations each time it runs. */
function compileForElements(
  rule: Json | undefined,
  { elements }: Scope,
): (list: readonly unknown[]) => Expression {
  const before = elements.operations;
  const { run } = elements.compile(rule);
  const cost = elements.operations - before + 1;
  const charging: Expression = (element) => {
    charge(cost);
    return run(element);
  };
  return ({ length }) => {
    if (length * cost > smallCharge) return charging;
    charge(length * cost);
    return run;
  };
}

/** A list and a rule that runs on its elements; further arguments are not looked at. */
function each(apply: (list: readonly unknown[], rule: Expression) => unknown): Compile {
  return (operand, scope) => {
    const [list, rule] = argumentsOf(operand);
    const { run } = scope.compile(list);
    const onElement = compileForElements(rule, scope);
    return (data) => {
      const found = run(data);
      const elements: readonly unknown[] = Array.isArray(found) ? found : [];
      return apply(elements, onElement(elements));
    };
  };
}

/** A list, a rule that runs on `{current, accumulator}`, and the accumulator to begin with. */
const reduce: Compile = (operand, scope) => {
  const [list, rule, initial] = argumentsOf(operand);
  const { run } = scope.compile(list);
  const onElement = compileForElements(rule, scope);
  const start = scope.compile(initial === undefined ? null : initial).run;
  return (data) => {
    const elements = run(data);
    let accumulator = start(data);
    if (!Array.isArray(elements)) return accumulator;
    const next = onElement(elements);
    for (const current of elements) accumulator = next({ current, accumulator });
    return accumulator;
  };
};

/** Longer constant lists are looked up by hash. */
const longList = 8;
/** Elements that are compared in a step. */
const elementsPerStep = 16;

const contains: Compile = (operand, scope) => {
  const [needle, haystack, ...spare] = argumentsOf(operand);
  const search = within(scope.compile(needle).run, scope.compile(haystack));
  return afterSpare(
    search,
    spare.map((rule) => scope.compile(rule)),
  );
};

function within(find: Expression, haystack: Node): Expression {
  const values = haystack.constant?.value;
  // A Set finds NaN, indexOf does not; a list from a rule has none.
  if (Array.isArray(values) && values.length > longList) {
    const set = new Set(values);
    return (data) => set.has(find(data));
  }
  if (Array.isArray(values)) return (data) => values.indexOf(find(data)) !== -1;
  return (data) => {
    const value = find(data);
    return holds(haystack.run(data), value);
  };
}

function holds(haystack: unknown, needle: unknown): boolean {
  if (Array.isArray(haystack)) {
    charge(haystack.length / elementsPerStep);
    return haystack.indexOf(needle) !== -1;
  }
  if (typeof haystack !== "string" || haystack === "") return false;
  const text = textOf(needle);
  chargeText(haystack.length);
  // Each place may be compared with the whole text before it turns out to be different.
  chargeText((haystack.length * text.length) / 64);
  return haystack.includes(text);
}

function merge(args: readonly unknown[]): unknown[] {
  let length = 0;
  for (const arg of args) length += Array.isArray(arg) ? arg.length : 1;
  charge(length);
  return args.flat();
}

const perElement = { arity: [2, 2], args: ["list", "rule"], evaluates: "elements" } as const;

export const listOperators: readonly Operator[] = [
  {
    name: "in",
    gives: [true, false],
    arity: [2, 2],
    args: ["any", "list"],
    evaluates: "all",
    doc: "whether a list has the value, or a text contains it",
    example: { in: [{ var: "country" }, ["no", "se", "dk"]] },
    check([value, list], problem) {
      if (Array.isArray(value) && isObject(list))
        problem('the list is the second argument: {"in": [value, list]}', 0);
    },
    compile: contains,
  },
  {
    name: "merge",
    arity: [0, any],
    args: ["any"],
    evaluates: "all",
    doc: "one list of all arguments, those that are lists taken apart",
    example: { merge: [{ var: "groups" }, ["everyone"]] },
    compile: eager(merge),
  },
  {
    ...perElement,
    name: "map",
    doc: "the results of a rule for each element of a list, which is the rule's data",
    example: { map: [{ var: "orders" }, { var: "total" }] },
    compile: each((list, rule) => list.map((element) => rule(element))),
  },
  {
    ...perElement,
    name: "filter",
    doc: "the elements for which a rule holds",
    example: { filter: [{ var: "orders" }, { ">": [{ var: "total" }, 100] }] },
    compile: each((list, rule) => list.filter((element) => truthy(rule(element)))),
  },
  {
    name: "reduce",
    arity: [2, 3],
    args: ["list", "rule", "any"],
    evaluates: "elements",
    doc: "one value of a list: a rule runs on `current` and `accumulator`, which begins with the third argument",
    example: {
      reduce: [{ var: "scores" }, { "+": [{ var: "current" }, { var: "accumulator" }] }, 0],
    },
    compile: reduce,
  },
  {
    ...perElement,
    name: "all",
    gives: [true, false],
    doc: "whether a rule holds for every element; false for an empty list",
    example: { all: [{ var: "scores" }, { ">": [{ var: "" }, 0] }] },
    compile: each(
      (list, rule) => list.length > 0 && list.every((element) => truthy(rule(element))),
    ),
  },
  {
    ...perElement,
    name: "some",
    gives: [true, false],
    doc: "whether a rule holds for at least one element",
    example: { some: [{ var: "groups" }, { "==": [{ var: "" }, "beta"] }] },
    compile: each((list, rule) => list.some((element) => truthy(rule(element)))),
  },
  {
    ...perElement,
    name: "none",
    gives: [true, false],
    doc: "whether a rule holds for no element",
    example: { none: [{ var: "groups" }, { "==": [{ var: "" }, "blocked"] }] },
    compile: each((list, rule) => !list.some((element) => truthy(rule(element)))),
  },
];
