import { type Document, LineCounter, type Node, type Pair, parseDocument, visit } from "yaml";
import { isDate, memberName, readScalar } from "./yaml-scalars.ts";

/** A YAML text that was parsed. */
export interface ParsedYaml {
  /** With at least one, the value is of no use. */
  readonly errors: readonly YamlProblem[];
  readonly warnings: readonly YamlProblem[];
  /** What Go would read as a date and is text here. */
  readonly dates: readonly { readonly path: readonly (string | number)[]; readonly text: string }[];
  /**
   * Keys are strings. What an anchor names is one object, however often it is used, or even used inside
   * itself; values may be of types that JSON lacks.
   * @throws Error for an alias without its anchor, a merge of no map, or nesting that exhausts the stack
   */
  value(): unknown;
}

export interface YamlProblem {
  /** From 1. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/**
 * Parses the first document of a text, with anchors and merge keys; plain scalars are read as
 * {@link readScalar} says.
 * @throws Error for nesting that exhausts the parser's stack
 */
export function parseYaml(text: string): ParsedYaml {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: "1.2",
    schema: "core",
    merge: true,
    stringKeys: true,
    prettyErrors: false,
    logLevel: "silent",
    lineCounter: lines,
  });
  const told = ({ pos, message }: { pos: [number, number]; message: string }) => {
    const { line, col } = lines.linePos(pos[0]);
    return { line, column: col, message };
  };
  // Of several documents the first one counts.
  const errors = document.errors.filter(({ code }) => code !== "MULTIPLE_DOCS").map(told);
  const dates = errors.length === 0 ? readScalars(document) : [];
  return {
    errors,
    // `!!float 3` is none to the library, and a number here.
    warnings: document.warnings
      .filter(({ message }) => !/^Unresolved tag: .*:(?:int|float)$/.test(message))
      .map(told),
    dates,
    value: () => document.toJS({ maxAliasCount: -1 }),
  };
}

function readScalars(document: Document): ParsedYaml["dates"] {
  const dates: { path: (string | number)[]; text: string }[] = [];
  visit(document, {
    Scalar(place, node, ancestors) {
      const { type, source, tag } = node;
      if (source === undefined) return;
      if (tag === "tag:yaml.org,2002:int" || tag === "tag:yaml.org,2002:float") {
        const value = readScalar(source);
        if (typeof value === "number") node.value = value;
      } else if (type === "PLAIN" && tag === undefined) {
        if (isDate(source)) dates.push({ path: pathOf(ancestors, node), text: source });
        if (place !== "key") node.value = readScalar(source);
        else if (source !== "<<") node.value = memberName(source);
      }
    },
  });
  return dates;
}

/** Member names and indexes that lead to a node. */
function pathOf(ancestors: readonly unknown[], node: Node): (string | number)[] {
  const path: (string | number)[] = [];
  const chain = [...ancestors, node] as (Node | Pair)[];
  for (const [i, ancestor] of chain.entries()) {
    const next = chain[i + 1];
    if ("key" in ancestor) path.push(String(ancestor.key));
    else if ("items" in ancestor && next && !("key" in next))
      path.push((ancestor.items as unknown[]).indexOf(next));
  }
  return path;
}
