import { findSyntaxProblem } from "./json-syntax.ts";

/**
 * Reads JSON of the operator's.
 * @param fail is told the place of a mistake and what was expected there, but nothing of the text, which may
 *   hold secrets
 */
export function parseJson(text: string, fail: (problem: string) => never): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const problem = findSyntaxProblem(text);
    if (problem === undefined) return fail("not valid JSON");
    const { line, column, reason } = problem;
    const expected = reason.replace(/, found "(?:[^"\\]|\\.)*"/, "");
    return fail(`not valid JSON at line ${line}, column ${column}: ${expected}`);
  }
}
