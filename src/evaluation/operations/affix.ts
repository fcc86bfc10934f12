import type { Operator, Scope } from "../jsonlogic/expression.ts";

/** `{"starts_with": [text, start]}`. Other than two strings: reported, null. */
export const startsWith = affix("starts_with", (text, start) => text.startsWith(start));

/** `{"ends_with": [text, end]}`. Other than two strings: reported, null. */
export const endsWith = affix("ends_with", (text, end) => text.endsWith(end));

function affix(name: string, holds: (text: string, affix: string) => boolean): Operator {
  return (operand, scope) => {
    const { run } = scope.compile(operand);
    return (data) => {
      const args = run(data);
      if (!Array.isArray(args)) return refuse(scope, name, " is not an array");
      if (args.length !== 2)
        return refuse(scope, name, " must contain a value and a comparison target");
      const [text, affix]: unknown[] = args;
      if (typeof text !== "string")
        return refuse(scope, name, ": property did not resolve to a string value");
      if (typeof affix !== "string")
        return refuse(scope, name, ": target value did not resolve to a string value");
      return holds(text, affix);
    };
  };
}

function refuse(scope: Scope, name: string, reason: string): null {
  scope.report("error", `parse ${name} evaluation data: ${name} evaluation${reason}`);
  return null;
}
