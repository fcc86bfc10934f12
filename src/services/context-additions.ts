/** What the daemon's operator adds to every evaluation context. */
import type { Json, JsonObject } from "../core/json.ts";
import type { EvaluationContext } from "../evaluation/resolve.ts";

/** The evaluation context that is added to every evaluation, and that sync clients lay over their own. */
export interface ContextSource {
  /** The same object as long as nothing changes, another one after a change. */
  readonly current: JsonObject;
  /** Calls `listener` after each change. */
  subscribe(listener: () => void): void;
}

/** The value of a request header by its lower-case name, or its values; absent: null or undefined. */
export type HeaderLookup = (name: string) => string | readonly string[] | null | undefined;

/** Adds the operator's static values (`-X`) and header values (`-H`) to the contexts of evaluations. */
export class ContextAdditions {
  readonly #source: ContextSource;
  #added: JsonObject = {};
  #fixed: readonly (readonly [string, Json])[] = [];
  readonly #mapped: readonly (readonly [header: string, key: string])[];

  /**
   * @param source members that override the request's
   * @param fromHeaders lower-case header name → member that the header's value overrides
   */
  constructor(source: ContextSource, fromHeaders: ReadonlyMap<string, string>) {
    this.#source = source;
    this.#mapped = [...fromHeaders];
  }

  /** Later wins: request, fixed members, headers. An absent or empty header adds nothing. */
  apply(context: EvaluationContext, header: HeaderLookup | undefined): void {
    const { current } = this.#source;
    if (current !== this.#added) {
      this.#added = current;
      this.#fixed = Object.entries(current);
    }
    for (const [key, value] of this.#fixed) context[key] = value;
    if (header === undefined || this.#mapped.length === 0) return;
    for (const [name, key] of this.#mapped) {
      const found = header(name);
      const value = typeof found === "string" ? found : found?.[0];
      if (value) context[key] = value;
    }
  }
}
