import { walkJson } from "../core/json-walk.ts";
import { PathTree, type Place, placesOf } from "../core/text-places.ts";
import type { ParsedText } from "./document-text.ts";
import type { Finding } from "./findings.ts";

/** A finding and its place: of the name of a member, or of the element of a list. */
export interface FoundThing extends Finding {
  readonly place: Place;
}

/**
 * The places of findings, and the findings in the order of these. What is not written in the text, such as the body
 * of an evaluator where it is used, has the place of what it stands in.
 * @param parsed undefined: the text could not be read
 */
export function locate(
  findings: readonly Finding[],
  parsed: ParsedText | undefined,
): readonly FoundThing[] {
  const unplaced = findings.filter(({ place, path }) => place === undefined && path.length > 0);
  const tree = new PathTree();
  for (const { path } of unplaced) tree.add(path);
  if (parsed && unplaced.length > 0) {
    if (parsed.sharing) yamlPlaces().findInYaml(parsed.text, tree);
    else {
      const repeated = findings.some(({ code }) => code === "duplicate-member");
      findInJson(parsed.text, tree, repeated);
    }
  }
  const placeOf = placesOf(parsed?.text ?? "");
  return findings
    .map((finding) => ({
      ...finding,
      place: finding.place ?? placeOf(tree.offsetOf(finding.path)),
    }))
    .sort(({ place: a }, { place: b }) => a.line - b.line || a.column - b.column);
}

/** Loaded with the first document in YAML that something was found in. */
function yamlPlaces(): typeof import("../core/yaml-places.ts") {
  return require("../core/yaml-places.ts");
}

/** @param repeated whether a name may come again, of which the last one counts */
function findInJson(text: string, tree: PathTree, repeated: boolean): void {
  let left = tree.size;
  const around: (PathTree | undefined)[] = [tree];
  const visitor = {
    enter(step: string | number, at: number, depth: number) {
      const node = around[depth - 1]?.child(step);
      around.length = depth;
      around.push(node);
      if (node === undefined) return;
      if (node.offset === undefined) left--;
      node.offset = at;
    },
  };
  const walk = walkJson(text, visitor);
  while ((left > 0 || repeated) && !walk.next().done);
}
