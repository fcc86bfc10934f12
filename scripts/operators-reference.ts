import { any, type Operator } from "../src/evaluation/operators/operator.ts";
import { flagdOperators, jsonLogicOperators } from "../src/evaluation/operators/table.ts";

/** The page about the operators of targeting rules, made of their table. */
export function operatorsReference(): string {
  return `# Operators

Everything that a targeting rule can be made of. How rules are written: [Writing flags](../guides/flags.md). This page is made
from the code by \`npx bun scripts/generate-docs.ts\`.

A rule is an object with one member: the operator, and its arguments as an array. A single argument may stand without
the array. Arguments are rules themselves. An operator that does not exist, a rule that fails, and an evaluation that
takes too many steps are the error \`PARSE_ERROR\` of that flag, and of no other.

## Of flagd

${table(flagdOperators)}

Input that these cannot use gives null, and the log says why.

## Of JsonLogic

${table(jsonLogicOperators)}

\`==\`, \`<\`, \`+\` and their like convert as JavaScript does. \`log\` is no operator here.
`;
}

function table(operators: readonly Operator[]): string {
  const rows = operators.map(({ name, arity, evaluates, doc, example }) => {
    const cells = [code(name), range(arity), doc + note(evaluates), code(JSON.stringify(example))];
    return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  });
  return ["| operator | arguments | gives | example |", "|---|---|---|---|", ...rows].join("\n");
}

function code(text: string): string {
  return `\`${text}\``;
}

function range([min, max]: Operator["arity"]): string {
  if (max === any) return `${min} or more`;
  return min === max ? `${min}` : `${min} to ${max}`;
}

function note(evaluates: Operator["evaluates"]): string {
  return evaluates === "needed" ? "; only what is needed is evaluated" : "";
}
