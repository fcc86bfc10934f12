/** OFREP's paths, as the OpenAPI document describes them. */
import {
  type Answer,
  answer,
  array,
  integer,
  object,
  oneOf,
  type PathItem,
  reference,
  type Schema,
  string,
} from "../openapi.ts";
import { eventsPath, flagsPath } from "./ofrep-route.ts";

const json = "application/json";
const failure = reference("Failure");

/** Anything else before a `=` is refused. */
const selectorText: Schema = { type: "string", pattern: "^(?:[^=]*|(?:flagSetId|source)=.*)$" };

const selector = {
  name: "Flagd-Selector",
  in: "header",
  description: "Which flags are seen: flagSetId=ID or source=NAME. Absent or empty: all",
  schema: selectorText,
} as const;

const context = {
  required: false,
  description: "Nothing, or something without a context, evaluates with an empty one",
  content: { [json]: { schema: reference("EvaluationRequest") } },
} as const;

/** 400 of a path comes from before anything is known of OFREP, and is text. */
const badRequest: Answer = {
  description:
    "The path, the context or the selector is not valid, or the flag cannot be evaluated",
  content: { [json]: { schema: failure }, "text/plain": { schema: string } },
};
const moved: Answer = {
  description: "The path has empty or dot segments",
  headers: { Location: { schema: string } },
};
const forbidden = answer("The client may not use OFREP, or not in this way", json, failure);
const tooLarge = answer("The body is larger than --max-request-body allows", json, failure);
const withTag = { ETag: { schema: string } };

/** @param events event streams are served, too */
export function ofrepPathItems(events: boolean): Readonly<Record<string, PathItem>> {
  return {
    [`${flagsPath}/{key}`]: {
      post: {
        operationId: "evaluateFlag",
        summary: "Evaluates one flag",
        tags: ["OFREP"],
        parameters: [
          {
            name: "key",
            in: "path",
            required: true,
            description: "The flag's key; a / in it is written %2F",
            schema: { type: "string", minLength: 1 },
          },
          selector,
        ],
        requestBody: context,
        responses: {
          "200": answer("The flag's value", json, reference("Evaluation")),
          "301": moved,
          "400": badRequest,
          "403": forbidden,
          "404": {
            description: "There is no such flag, or no such path",
            content: { [json]: { schema: failure }, "text/plain": { schema: string } },
          },
          "413": tooLarge,
        },
      },
    },
    [flagsPath]: {
      post: {
        operationId: "evaluateFlags",
        summary: "Evaluates all flags",
        tags: ["OFREP"],
        parameters: [
          selector,
          {
            name: "If-None-Match",
            in: "header",
            description: "The ETag of an earlier answer",
            schema: string,
          },
          ...(events ? [named("flagConfigEtag"), named("flagConfigLastModified")] : []),
        ],
        requestBody: context,
        responses: {
          "200": {
            ...answer("All values", json, reference("BulkEvaluation")),
            headers: withTag,
          },
          "304": { description: "As the answer that If-None-Match names", headers: withTag },
          "400": answer("The context or the selector is not valid", json, failure),
          "403": forbidden,
          "413": tooLarge,
        },
      },
    },
    ...(events && { [eventsPath]: eventStream }),
  };
}

function named(name: string) {
  return {
    name,
    in: "query",
    description: "Of the event that the client was told of: the answer is of that state or later",
    schema: string,
  } as const;
}

const eventStream: PathItem = {
  get: {
    operationId: "openEventStream",
    summary: "Tells when to evaluate again, as server-sent events",
    tags: ["OFREP"],
    parameters: [
      {
        name: "selector",
        in: "query",
        description: "As Flagd-Selector, which it goes before",
        schema: selectorText,
      },
      selector,
      { name: "Last-Event-ID", in: "header", description: "Of a stream before", schema: string },
    ],
    responses: {
      "200": answer("The stream", "text/event-stream", string),
      "400": answer("The selector is not valid", json, failure),
      "403": forbidden,
      "503": {
        ...answer("Too many streams are open", json, failure),
        headers: { "Retry-After": { schema: integer } },
      },
    },
  },
};

const errorCode = oneOf("FLAG_NOT_FOUND", "PARSE_ERROR", "TYPE_MISMATCH", "GENERAL");
const metadata: Schema = { type: "object" };
const flag = {
  "key?": string,
  "errorCode?": { ...errorCode, enum: [...(errorCode.enum as string[]), "INVALID_CONTEXT"] },
  "errorDetails?": string,
  "metadata?": metadata,
};
const evaluation = object({
  key: string,
  reason: oneOf("STATIC", "DEFAULT", "TARGETING_MATCH", "SPLIT", "DISABLED", "FALLBACK"),
  "variant?": string,
  "value?": { description: "Absent: the application's own default" },
  metadata,
});

/** Named parts of requests and answers. */
export const ofrepSchemas: Readonly<Record<string, Schema>> = {
  EvaluationRequest: object({ "context?": object({ "targetingKey?": string }) }),
  Evaluation: evaluation,
  Failure: object(flag),
  BulkEvaluation: object({
    flags: array({
      anyOf: [reference("Evaluation"), { ...object(flag), required: ["key", "errorCode"] }],
    }),
    metadata,
    "eventStreams?": array(
      object({
        type: oneOf("sse"),
        endpoint: object({ requestUri: string }),
        inactivityDelaySec: { type: "integer", minimum: 0 },
      }),
    ),
  }),
};
