import { isAlias, isMap, isNode, isScalar, isSeq, type Node, parseDocument } from "yaml";
import type { PathTree } from "./text-places.ts";

/** Sets the offsets of a tree's paths in the first document of a YAML text. */
export function findInYaml(text: string, tree: PathTree): void {
  const document = parseDocument(text, {
    version: "1.2",
    schema: "core",
    merge: true,
    stringKeys: true,
    prettyErrors: false,
    logLevel: "silent",
  });
  const visit = (node: Node | null, wanted: PathTree): void => {
    // What an alias stands for is written elsewhere: its findings are at the alias.
    if (node === null || isAlias(node)) return;
    for (const [step, child] of wanted.steps) {
      const [at, value] = find(node, step);
      child.offset = at?.range?.[0];
      if (isNode(value)) visit(value, child);
    }
  };
  visit(document.contents, tree);
}

/** What the place of a step is, and what it leads to. */
function find(node: Node, step: string | number): readonly [Node?, unknown?] {
  if (isSeq(node)) {
    const item = node.items[Number(step)];
    return isNode(item) ? [item, item] : [];
  }
  if (!isMap(node)) return [];
  const pair = node.items.find(({ key }) => isScalar(key) && nameOf(key) === String(step));
  return pair && isNode(pair.key) ? [pair.key, pair.value] : [];
}

function nameOf(key: { readonly value: unknown; readonly source?: string }): string {
  return typeof key.value === "string" ? key.value : (key.source ?? String(key.value));
}
