/** How references lead from one evaluator to the next. */

/** The name that a value refers to; undefined if it is no reference, an object with the one member `$ref`. */
export function referenceOf(value: object): string | undefined {
  if (!Object.hasOwn(value, "$ref") || Object.keys(value).length !== 1) return undefined;
  const name: unknown = (value as { readonly $ref: unknown }).$ref;
  return typeof name === "string" ? name : undefined;
}

/**
 * The names of all evaluators, each after those that it refers to. References in a circle break the order
 * in one place. Without recursion from one evaluator to the next, for a document may chain thousands.
 * @param levels how deep references are looked for in an evaluator
 */
export function inOrderOfUse(
  evaluators: ReadonlyMap<string, unknown>,
  levels: number,
): readonly string[] {
  const ordered: string[] = [];
  const seen = new Set<string>();
  for (const first of evaluators.keys()) {
    if (seen.has(first)) continue;
    seen.add(first);
    const open = [{ name: first, uses: usesOf(evaluators.get(first), levels) }];
    for (let last = open.at(-1); last !== undefined; last = open.at(-1)) {
      const name = last.uses.pop();
      if (name === undefined) {
        ordered.push(last.name);
        open.pop();
      } else if (evaluators.has(name) && !seen.has(name)) {
        seen.add(name);
        open.push({ name, uses: usesOf(evaluators.get(name), levels) });
      }
    }
  }
  return ordered;
}

/** The names that an evaluator's body refers to, the last one first. */
function usesOf(body: unknown, levels: number): string[] {
  const names = new Set<string>();
  const seen = new Set<object>();
  const visit = (value: unknown, left: number): void => {
    if (typeof value !== "object" || value === null || left === 0 || seen.has(value)) return;
    seen.add(value);
    const name = referenceOf(value);
    if (name !== undefined) names.add(name);
    else for (const member of Object.values(value)) visit(member, left - 1);
  };
  visit(body, levels);
  return [...names].reverse();
}
