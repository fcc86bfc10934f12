import { chargeText, isCostly } from "../rule/budget.ts";
import type { Node, Scope } from "../rule/expression.ts";
import { type Operator, unusable } from "./operator.ts";

/** `{"starts_with": [text, start]}` and `ends_with`. Other than two strings: reported, null. */
export const affixOperators: readonly Operator[] = [
  affix("starts_with", "starts", (text, start) => text.startsWith(start)),
  affix("ends_with", "ends", (text, end) => text.endsWith(end)),
];

function affix(
  name: string,
  verb: string,
  holds: (text: string, affix: string) => boolean,
): Operator {
  const compile: Operator["compile"] = (operand, scope) => {
    if (!Array.isArray(operand) || operand.length !== 2) {
      const { run } = scope.compile(operand);
      return (data) => apply(run(data), [undefined, undefined], scope);
    }
    const nodes = operand.map((rule) => scope.compile(rule)) as [Node, Node];
    const [text, affix] = [nodes[0].run, nodes[1].run];
    return (data) => {
      const [a, b] = [text(data), affix(data)];
      return typeof a === "string" && typeof b === "string"
        ? compare(a, b)
        : apply([a, b], nodes, scope);
    };
  };

  function apply(args: unknown, [first, second]: Nodes, scope: Scope): boolean | null {
    if (!Array.isArray(args)) return refuse(scope, name, " is not an array");
    if (args.length !== 2)
      return refuse(scope, name, " must contain a value and a comparison target");
    const [text, affix]: unknown[] = args;
    if (typeof text !== "string") {
      if (unusable(scope, name, "a text", first, text)) return null;
      return refuse(scope, name, ": property did not resolve to a string value");
    }
    if (typeof affix !== "string") {
      if (unusable(scope, name, "a text", second, affix)) return null;
      return refuse(scope, name, ": target value did not resolve to a string value");
    }
    return compare(text, affix);
  }

  function compare(text: string, affix: string): boolean {
    if (isCostly(affix)) chargeText(affix.length);
    return holds(text, affix);
  }

  return {
    name,
    arity: [2, 2],
    args: ["text"],
    evaluates: "all",
    gives: [true, false, null],
    doc: `whether a text ${verb} with another, upper and lower case told apart`,
    example: { [name]: [{ var: "email" }, verb === "ends" ? "@example.com" : "ann."] },
    compile,
  };
}

type Nodes = readonly [Node | undefined, Node | undefined];

function refuse(scope: Scope, name: string, reason: string): null {
  scope.report("error", `parse ${name} evaluation data: ${name} evaluation${reason}`);
  return null;
}
