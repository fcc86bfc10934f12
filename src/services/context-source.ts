import type { JsonObject } from "../core/json.ts";

/** The evaluation context that is added to every evaluation, and that sync clients lay over their own. */
export interface ContextSource {
  /** The same object as long as nothing changes, another one after a change. */
  readonly current: JsonObject;
  /** Calls `listener` after each change. */
  subscribe(listener: () => void): void;
}
