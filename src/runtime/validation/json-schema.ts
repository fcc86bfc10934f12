import { any, type Operator } from "../../evaluation/operators/operator.ts";
import { operators } from "../../evaluation/operators/table.ts";

/**
 * A JSON Schema (draft-07, which every editor knows) of flag documents. It completes names, operators among them,
 * and finds wrong types; what needs more than a schema is `flagd validate`'s.
 */
export function flagDocumentSchema(): object {
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "flagd flag document",
    type: "object",
    required: ["flags"],
    properties: {
      $schema: { type: "string", description: "Where the schema of this document is." },
      flags: {
        description: "Flags by key, or a list of flags that have a key each.",
        oneOf: [
          { type: "object", additionalProperties: { $ref: "#/definitions/flag" } },
          {
            type: "array",
            items: { allOf: [{ $ref: "#/definitions/flag" }, { required: ["key"] }] },
          },
        ],
      },
      $evaluators: {
        type: "object",
        description: 'Rules that flags use by {"$ref": NAME}.',
        additionalProperties: { $ref: "#/definitions/rule" },
      },
      metadata: { $ref: "#/definitions/metadata" },
    },
    definitions: { flag, metadata, rule: rule(), operand },
  };
}

const metadata = {
  type: "object",
  description:
    "Facts that are returned with every evaluation. flagSetId puts flags into a flag set.",
  properties: { flagSetId: { type: "string" } },
  additionalProperties: { type: ["string", "number", "boolean"] },
};

const flag = {
  type: "object",
  required: ["state", "variants"],
  properties: {
    key: { type: "string", minLength: 1 },
    state: {
      enum: ["ENABLED", "DISABLED"],
      description: "DISABLED: the application uses its own default.",
    },
    variants: {
      description: "The possible values by name, all of one type.",
      type: "object",
      minProperties: 1,
      anyOf: ["boolean", "string", "number", "object"].map((type) => ({
        additionalProperties: { type },
      })),
    },
    defaultVariant: {
      type: ["string", "null"],
      description: "The variant to use if targeting picks none.",
    },
    targeting: {
      description: "A rule that gives the name of a variant, or null for the default variant.",
      $ref: "#/definitions/rule",
    },
    metadata: { $ref: "#/definitions/metadata" },
  },
};

const operand = {
  anyOf: [
    { type: ["string", "number", "boolean", "null"] },
    { type: "array", items: { $ref: "#/definitions/operand" } },
    { $ref: "#/definitions/rule" },
  ],
};

function rule(): object {
  const properties = Object.fromEntries(
    [...operators.values()].map((entry) => [entry.name, of(entry)]),
  );
  const reference = { type: "string", description: "The name of an evaluator of $evaluators." };
  return {
    type: "object",
    maxProperties: 1,
    properties: { ...properties, $ref: reference },
    additionalProperties: false,
  };
}

function of({ arity: [min, max], doc, example }: Operator): object {
  const list = {
    type: "array",
    items: { $ref: "#/definitions/operand" },
    minItems: min,
    ...(max !== any && { maxItems: max }),
  };
  const alone = { not: { type: "array" } };
  return {
    description: `${doc}. Example: ${JSON.stringify(example)}`,
    anyOf: [list, min > 1 ? { type: "object", $ref: "#/definitions/rule" } : alone],
  };
}
