import { quote, shorten } from "../core/message-text.ts";
import type { Place } from "../core/text-places.ts";
import { parseYaml, type YamlProblem } from "../core/yaml.ts";
import type { Findings } from "./findings.ts";

/**
 * The parser handles about 1 MB a second and nothing else runs meanwhile; JSON has no such bound,
 * for it is read a hundred times faster.
 */
const maxYamlLength = 8 * 1024 * 1024;

/**
 * Reads the first document of a YAML text into a value, which may share objects or have types that JSON
 * lacks. A date is a warning: other readers do not take it as the text that it is here.
 * @returns undefined after a problem.
 */
export function readYaml(text: string, { problems, warnings, information }: Findings): unknown {
  if (text.length > maxYamlLength) {
    const size = `${text.length} characters of YAML exceed the limit of ${maxYamlLength}`;
    problems.add("limit", [], `${size}: write large documents as JSON`);
    return undefined;
  }
  const at = ({ line, column, message }: YamlProblem) =>
    `line ${line}, column ${column}: ${shorten(message)}`;
  try {
    const parsed = parseYaml(text);
    for (const warning of parsed.warnings)
      warnings.add("yaml-warning", [], `YAML, ${at(warning)}`, placeOf(warning));
    for (const { path, text } of parsed.dates)
      warnings.add(
        "yaml-date",
        path,
        `the date ${shorten(text)} is read as text: write it in quotes`,
      );
    const { first, count } = parsed.booleans;
    if (first !== undefined) {
      const more = count > 1 ? ` (and ${count - 1} more like it)` : "";
      const reason = `${quote(first.text)} without quotes${more} is a boolean to kubectl and in Python, which read YAML 1.1: write it in quotes`;
      information?.add("portable-yaml-boolean", first.path, reason);
    }
    for (const error of parsed.errors)
      problems.add("syntax", [], `not valid YAML at ${at(error)}`, placeOf(error));
    // Uses of anchors share one object; the bound on what they expand to comes later.
    return parsed.errors.length > 0 ? undefined : parsed.value();
  } catch (error) {
    const reason = error instanceof RangeError ? "nested too deeply" : String(error);
    problems.add("syntax", [], `not valid YAML: ${shorten(reason)}`);
    return undefined;
  }
}

function placeOf({ line, column }: YamlProblem): Place {
  return { line, column };
}
