/** Takes two answers apart, so that a difference in one flag of many is a difference in one flag. */

import type { Json, JsonObject } from "../../../src/core/json.ts";
import { canonicalJson } from "../../../src/flags/canonical.ts";
import type { Answer } from "./answers.ts";
import { isObject } from "./model.ts";
import type { Evaluation } from "./oracle.ts";
import type { Request } from "./request.ts";

/** A piece of an answer; of bulk answers each flag is one. */
export interface Part {
  /** Of the flag, or undefined for the whole. */
  readonly key: string | undefined;
  /** `""`: this answer has no such part. */
  readonly text: string;
}

/** The status line and headers of an answer, and its body or the flags in it. */
export function partsOf(request: Request, answer: Answer): ReadonlyMap<string, Part> {
  const parts = new Map<string, Part>();
  const add = (name: string, text: string, key?: string) => parts.set(name, { key, text });
  add("status", String(answer.status));
  for (const [name, text] of Object.entries(answer.headers)) add(`header ${name}`, text);
  const { question } = request;
  const ok = answer.status === 200 || answer.status === "OK";
  if (question === undefined || question.key !== undefined || !ok) {
    add("body", answer.body, question?.key);
    return parts;
  }
  const { flags, ...rest } = contentOf(answer);
  const entries = new Map<string, Json[]>();
  for (const [key, entry] of entriesOf(flags))
    entries.set(key, [...(entries.get(key) ?? []), entry]);
  for (const [key, list] of entries) add(`flag ${key}`, list.map(textOf).join("\n"), key);
  add("rest", canonicalJson(rest));
  if (question.surface === "ofrep") add("order", [...entries.keys()].join("\n"));
  return parts;
}

/** Members keep their order. */
const textOf = (value: Json) => JSON.stringify(value);

/** The body of an answer with all flags; of the sync service the document. */
export function contentOf({ body }: Answer): JsonObject {
  const value = parse(body);
  const document = isObject(value) ? value.flagConfiguration : undefined;
  const content = typeof document === "string" ? parse(document) : value;
  return isObject(content) ? content : {};
}

function entriesOf(flags: Json | undefined): [key: string, entry: Json][] {
  if (Array.isArray(flags)) return flags.map((flag: JsonObject) => [String(flag.key), flag]);
  return Object.entries(isObject(flags) ? flags : {});
}

export function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const errorReasons: Readonly<Record<string, string>> = {
  not_found: "FLAG_NOT_FOUND",
  invalid_argument: "TYPE_MISMATCH",
  data_loss: "PARSE_ERROR",
  unknown: "GENERAL",
};
const messages: Readonly<Record<string, string>> = {
  "Flag not found": "FLAG_NOT_FOUND",
  "Type mismatch error": "TYPE_MISMATCH",
  "Error parsing input or configuration": "PARSE_ERROR",
  "General error": "GENERAL",
};

/** What an answer, or one flag's part of it, says. */
export function observed(request: Request, text: string): Evaluation | undefined {
  const known = messages[text];
  if (known !== undefined) return { reason: known };
  const fields = parse(text.split("\n")[0] ?? "");
  if (!isObject(fields)) return undefined;
  const { errorCode, code, reason } = fields;
  if (typeof errorCode === "string") return { reason: errorCode };
  if (typeof code === "string") return { reason: errorReasons[code] ?? code };
  const { type, surface } = request.question ?? {};
  // Fields of proto3 that have their zero value do not show if a message was decoded.
  const isDecoded =
    "grpc" in request || request.kind.startsWith("proto") || request.kind.startsWith("grpc");
  const zero =
    type === undefined ? undefined : { Boolean: false, String: "", Int: "0", Float: 0 }[type];
  const anyValue =
    fields.boolValue ?? fields.stringValue ?? fields.doubleValue ?? fields.objectValue;
  const value = fields.value ?? anyValue ?? (isDecoded && surface !== "v2" ? zero : undefined);
  const variant =
    fields.variant ?? ((isDecoded || surface === "ofrep") && value !== undefined ? "" : undefined);
  return {
    reason: String(reason),
    ...(typeof variant === "string" ? { variant } : {}),
    ...(value === undefined ? {} : { value }),
  };
}
