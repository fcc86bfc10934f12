import { RpcError } from "../../core/rpc-error.ts";
import { InvalidSelectorError } from "../../store/selector.ts";
import type { Selector } from "../../store/view.ts";
import { confine, selectorOf } from "../selector-header.ts";
import type { Refusal } from "./reply.ts";
import type { OfrepRequest } from "./request.ts";

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
