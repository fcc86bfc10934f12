import {
  afterSpare,
  argumentsOf,
  type Expression,
  type Node,
  type Operator,
} from "../expression.ts";
import { truthy } from "../truthy.ts";
import { eager } from "./eager.ts";

/** A list and a rule that runs on its elements; further arguments are not looked at. */
function each(apply: (list: unknown, rule: Expression) => unknown): Operator {
  return (operand, scope) => {
    const [list, rule] = argumentsOf(operand);
    const { run } = scope.compile(list);
    const onElement = scope.elements.compile(rule).run;
    return (data) => apply(run(data), onElement);
  };
}

/** A list, a rule that runs on `{current, accumulator}`, and the accumulator to begin with. */
const reduce: Operator = (operand, scope) => {
  const [list, rule, initial] = argumentsOf(operand);
  const { run } = scope.compile(list);
  const onElement = scope.elements.compile(rule).run;
  const start = scope.compile(initial === undefined ? null : initial).run;
  return (data) => {
    const elements = run(data);
    const first = start(data);
    if (!Array.isArray(elements)) return first;
    return elements.reduce<unknown>(
      (accumulator, current) => onElement({ current, accumulator }),
      first,
    );
  };
};

/** Longer constant lists are looked up by hash. */
const longList = 8;

const contains: Operator = (operand, scope) => {
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
  if (Array.isArray(haystack)) return haystack.indexOf(needle) !== -1;
  if (typeof haystack === "string") return haystack !== "" && haystack.includes(String(needle));
  return false;
}

export const lists: Record<string, Operator> = {
  in: contains,
  merge: eager((args) => args.flat()),
  map: each((list, rule) => (Array.isArray(list) ? list.map((element) => rule(element)) : [])),
  filter: each((list, rule) =>
    Array.isArray(list) ? list.filter((element) => truthy(rule(element))) : [],
  ),
  reduce,
  all: each(
    (list, rule) =>
      Array.isArray(list) && list.length > 0 && list.every((element) => truthy(rule(element))),
  ),
  some: each((list, rule) => Array.isArray(list) && list.some((element) => truthy(rule(element)))),
  none: each(
    (list, rule) => !(Array.isArray(list) && list.some((element) => truthy(rule(element)))),
  ),
};
