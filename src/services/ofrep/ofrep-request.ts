/** What an OFREP request says: its evaluation context, read as leniently as by Go flagd, and its selector. */

import { RpcError } from "../../core/errors.ts";
import { isObject, type Json } from "../../core/json.ts";
import type { EvaluationContext } from "../../evaluation/resolve.ts";
import { InvalidSelectorError } from "../../store/selector.ts";
import type { Selector } from "../../store/view.ts";
import type { HttpRequest } from "../../transport/http-handler.ts";
import { confine, selectorOf } from "../selector-header.ts";
import type { Refusal } from "./reply.ts";

/** What evaluations look at of a request, however it was read. */
export type OfrepRequest = Pick<HttpRequest, "method" | "target" | "headers" | "gone">;

/**
 * `{"context": {…}}`. Nothing, null, and a `context` that is no object give an empty context. What
 * follows the first JSON value is ignored. The member's name counts in any case.
 * @returns undefined if the body is something else.
 */
export function parseContext(body: string): EvaluationContext | undefined {
  if (body === "") return {};
  const value = parseFirst(body);
  if (value === null) return {};
  if (!isObject(value)) return undefined;
  const context = memberNamed(value, "context");
  return isObject(context) ? context : {};
}

function parseFirst(body: string): Json | undefined {
  try {
    return JSON.parse(body);
  } catch {
    return isBlank(body) ? null : parseLeading(body.trimStart());
  }
}

/** Only an object or null can be a request, so the end of other values need not be found. */
function parseLeading(text: string): Json | undefined {
  if (text.startsWith("null")) return null;
  const end = endOfObject(text);
  if (end === undefined || end === text.length) return undefined;
  try {
    return JSON.parse(text.slice(0, end));
  } catch {
    return undefined;
  }
}

/** Where the object that `text` begins with ends, by its brackets and strings alone. */
function endOfObject(text: string): number | undefined {
  if (!text.startsWith("{")) return undefined;
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (inString) {
      if (character === "\\") i++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === "{" || character === "[") depth++;
    else if ((character === "}" || character === "]") && --depth === 0) return i + 1;
  }
  return undefined;
}

function memberNamed(object: Record<string, Json>, name: string): Json | undefined {
  if (Object.hasOwn(object, name)) return object[name];
  const other = Object.keys(object).find((key) => key.toLowerCase() === name);
  return other === undefined ? undefined : object[other];
}

function isBlank(text: string): boolean {
  return /^[ \t\r\n]*$/.test(text);
}

/**
 * As {@link selectorOf}.
 * @returns what is wrong with the selector, or that the client may not see what it selects
 */
export function readSelector(
  text: string | undefined,
  { headers }: Pick<OfrepRequest, "headers">,
): Selector | Refusal {
  try {
    return confine(selectorOf(text), (name) => headers[name]);
  } catch (error) {
    if (error instanceof InvalidSelectorError) return { selector: error.message };
    if (error instanceof RpcError) return { denied: error.rawMessage };
    throw error;
  }
}

/** Is it the reason of a refusal? */
export function isRefusal(read: Selector | Refusal): read is Refusal {
  return typeof read === "string" || "selector" in read || "denied" in read;
}
