import type { JsonObject } from "../../src/core/json.ts";
import type { ContextSource } from "../../src/services/context-additions.ts";

/** A context that never changes. */
export function fixedContext(context: JsonObject): ContextSource {
  return { current: context, subscribe: () => {} };
}
