import { LineCounter, parseDocument } from "yaml";
import { clip, type Findings } from "./findings.ts";

/**
 * The parser handles about 1 MB a second and nothing else runs meanwhile; JSON has no such bound,
 * for it is read a hundred times faster.
 */
const longestYaml = 8 * 1024 * 1024;

/**
 * Parses the first document of a YAML 1.2 text (core schema, with anchors and merge keys). Keys are
 * strings as they are written. What an anchor names becomes one object, however often it is used,
 * or even used inside itself; values may be of types that JSON lacks.
 * @returns undefined after a problem.
 */
export function parseYaml(text: string, { problems, warnings }: Findings): unknown {
  if (text.length > longestYaml) {
    const size = `${text.length} characters of YAML exceed the limit of ${longestYaml}`;
    problems.add([], `${size}: write large documents as JSON`);
    return undefined;
  }
  try {
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
    const at = (offset: number) => {
      const { line, col } = lines.linePos(offset);
      return `line ${line}, column ${col}`;
    };
    for (const { pos, message } of document.warnings) {
      warnings.add([], `YAML, ${at(pos[0])}: ${clip(message)}`);
    }
    let failed = false;
    for (const { code, pos, message } of document.errors) {
      if (code === "MULTIPLE_DOCS") continue; // the first one counts
      problems.add([], `not valid YAML at ${at(pos[0])}: ${clip(message)}`);
      failed = true;
    }
    // Uses of anchors share one object; the bound on what they expand to comes later.
    return failed ? undefined : document.toJS({ maxAliasCount: -1 });
  } catch (error) {
    // An alias without its anchor, a merge of no map, or nesting that exhausts the parser's stack.
    const reason = error instanceof RangeError ? "nested too deeply" : String(error);
    problems.add([], `not valid YAML: ${clip(reason)}`);
    return undefined;
  }
}
