import { element, shown } from "./dom.ts";

type Part = Node | string;

/** A rule as nested lists: operators by name, what they take beside them or, where that has parts itself, below. */
export function ruleTree(rule: unknown): HTMLElement {
  return element("ul", "tree", element("li", "", ...parts(rule)));
}

/** What stands in one line, and the list below it. */
function parts(value: unknown): Part[] {
  const leaf = leafOf(value);
  if (leaf) return [leaf];
  const [operator, operands] = callOf(value) ?? [undefined, value as readonly unknown[]];
  const head = operator === undefined ? "list" : element("strong", "", operator);
  if (operator === "if") return [head, branches(operands)];
  const leaves = operands.map(leafOf);
  if (leaves.every((each) => each !== undefined)) {
    return [head, ...leaves.flatMap((each, at) => [at === 0 ? " " : ", ", each])];
  }
  const items = operands.map((operand) => element("li", "", ...parts(operand)));
  return [head, element("ul", "tree", ...items)];
}

/** `if` takes conditions and results in turn, and what holds otherwise. */
function branches(list: readonly unknown[]): HTMLElement {
  const made = element("ul", "tree");
  list.forEach((value, at) => {
    const last = at === list.length - 1 && at % 2 === 0 && at > 0;
    const condition = at === 0 ? "when" : "or when";
    made.append(labelled(last ? "otherwise" : at % 2 === 1 ? "then" : condition, value));
  });
  return made;
}

function labelled(label: string, value: unknown): HTMLElement {
  return element("li", "", element("span", "dim", `${label} `), ...parts(value));
}

/** An operator and what it takes; undefined: the value is none. */
function callOf(value: unknown): [string, readonly unknown[]] | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const [only, another] = Object.entries(value);
  if (only === undefined || another !== undefined) return undefined;
  const [operator, operands] = only;
  return [operator, Array.isArray(operands) ? operands : [operands]];
}

/** A variable's name, or a value in which nothing is computed; undefined: there is more to it. */
function leafOf(value: unknown): HTMLElement | undefined {
  const [operator, operands = []] = callOf(value) ?? [];
  const [name] = operands;
  if (operator === "var" && operands.length === 1 && typeof name === "string") {
    return element("code", "variable", shown(name));
  }
  if (operator !== undefined) return undefined;
  if (Array.isArray(value) && value.some((each) => typeof each === "object" && each !== null)) {
    return undefined;
  }
  return element("code", "", shown(JSON.stringify(value)));
}
