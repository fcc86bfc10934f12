/** Where and why a text is not JSON (RFC 8259). */
export interface SyntaxProblem {
  /** Both from 1; columns count UTF-16 units. */
  readonly line: number;
  readonly column: number;
  readonly reason: string;
}

type Expected = "value" | "first value" | "name" | "first name" | "colon" | "comma";

const whitespace = /[ \t\r\n]*/y;
const scalar = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON strings exclude exactly these
const plainCharacters = /[^"\\\x00-\x1f]*/y;
const escaped = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const word = /[\p{L}\p{N}_.+-]{1,20}/uy;

/**
 * Finds the first error of a text that `JSON.parse` refused: the engine tells neither line nor
 * column. Without recursion, in one pass. undefined: there is none.
 */
export function findSyntaxProblem(text: string): SyntaxProblem | undefined {
  const closers: ("}" | "]")[] = [];
  let expected: Expected = "value";
  let at = 0;
  const problem = (offset: number, reason: string) => ({ ...position(text, offset), reason });

  for (;;) {
    at = match(whitespace, text, at);
    const character = text[at];
    const closer = closers.at(-1);
    if (expected === "comma" && closer === undefined) {
      return character === undefined
        ? undefined
        : problem(at, `text after the end of the document, found ${found(text, at)}`);
    }
    if (character === undefined) {
      return problem(
        at,
        `unexpected end of the document, expected ${describeExpected(expected, closer)}`,
      );
    }
    const mayClose = expected === "comma" || expected.startsWith("first");
    if (mayClose && character === closer) {
      closers.pop();
      expected = "comma";
      at++;
    } else if (expected === "comma" && character === ",") {
      expected = closer === "}" ? "name" : "value";
      at++;
    } else if (expected === "colon" && character === ":") {
      expected = "value";
      at++;
    } else if (character === '"' && expected !== "comma" && expected !== "colon") {
      const end = endOfString(text, at);
      if (end.reason !== undefined) return problem(end.at, end.reason);
      expected = expected.endsWith("name") ? "colon" : "comma";
      at = end.at;
    } else if (expected.endsWith("value") && (character === "{" || character === "[")) {
      closers.push(character === "{" ? "}" : "]");
      expected = character === "{" ? "first name" : "first value";
      at++;
    } else {
      const end = expected.endsWith("value") ? match(scalar, text, at) : at;
      if (end === at) {
        const hint = hintFor(character, expected);
        return problem(
          at,
          `expected ${describeExpected(expected, closer)}, found ${found(text, at)}${hint}`,
        );
      }
      expected = "comma";
      at = end;
    }
  }
}

function endOfString(text: string, start: number): { at: number; reason?: string } {
  let at = start + 1;
  for (;;) {
    at = match(plainCharacters, text, at);
    if (text[at] === '"') return { at: at + 1 };
    if (at >= text.length) return { at: start, reason: "unterminated string" };
    if (text[at] !== "\\") {
      return {
        at,
        reason: "line break or control character in a string: escape it as \\n or \\u…",
      };
    }
    const end = match(escaped, text, at);
    if (end === at)
      return { at, reason: `unknown escape sequence ${JSON.stringify(text.slice(at, at + 2))}` };
    at = end;
  }
}

function hintFor(character: string, expected: Expected): string {
  if (character === "/" || character === "#") return ": JSON does not allow comments, remove it";
  if (character === "'") return ": write strings in double quotes";
  if (expected === "comma" && /["{[\w-]/.test(character)) return ": add a comma before it";
  if (character !== "}" && character !== "]") return "";
  return expected === "name" || expected === "value" ? ": remove the comma before it" : "";
}

function describeExpected(expected: Expected, closer: "}" | "]" | undefined): string {
  switch (expected) {
    case "value":
      return "a value";
    case "first value":
      return 'a value or "]"';
    case "name":
      return "a member name in double quotes";
    case "first name":
      return 'a member name in double quotes or "}"';
    case "colon":
      return '":" after the member name';
    case "comma":
      return `"," or "${closer}"`;
  }
}

function found(text: string, at: number): string {
  const end = Math.max(match(word, text, at), at + 1);
  return JSON.stringify(text.slice(at, end).toWellFormed());
}

function match(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

function position(text: string, offset: number): { line: number; column: number } {
  let line = 1;
  let start = 0;
  for (let end = text.indexOf("\n"); end !== -1 && end < offset; end = text.indexOf("\n", start)) {
    line++;
    start = end + 1;
  }
  return { line, column: offset - start + 1 };
}

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
