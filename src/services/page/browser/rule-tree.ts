import { element, shown } from "./dom.ts";

/** A rule as nested lists: operators by name, what they take below them. */
export function ruleTree(rule: unknown): HTMLElement {
  return element("ul", "tree", node(rule));
}

function node(value: unknown): HTMLElement {
  if (Array.isArray(value)) {
    if (value.every((each) => typeof each !== "object" || each === null)) return literal(value);
    return element("li", "", "list", children(value));
  }
  if (typeof value !== "object" || value === null) return literal(value);
  const entries = Object.entries(value);
  const [only] = entries;
  if (entries.length !== 1 || only === undefined) return literal(value);
  const [operator, operands] = only;
  if (operator === "var" && typeof operands === "string") {
    return element("li", "", element("code", "", operands));
  }
  const list = Array.isArray(operands) ? operands : [operands];
  if (operator === "if") return element("li", "", element("strong", "", "if"), branches(list));
  return element("li", "", element("strong", "", operator), children(list));
}

/** `if` takes conditions and results in turn, and what holds otherwise. */
function branches(list: readonly unknown[]): HTMLElement {
  const made = element("ul", "tree");
  for (let i = 0; i < list.length; i += 2) {
    const last = i === list.length - 1;
    if (last) made.append(labelled("otherwise", list[i]));
    else
      made.append(labelled(i === 0 ? "when" : "or when", list[i]), labelled("then", list[i + 1]));
  }
  return made;
}

function labelled(label: string, value: unknown): HTMLElement {
  return element("li", "", element("span", "dim", label), ruleTree(value));
}

function children(list: readonly unknown[]): HTMLElement {
  return element("ul", "tree", ...list.map(node));
}

function literal(value: unknown): HTMLElement {
  return element("li", "", element("code", "", shown(JSON.stringify(value))));
}
