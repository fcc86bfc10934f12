import { InvalidSelectorError } from "../../store/selector.ts";
import type { Selector } from "../../store/view.ts";
import { selectorOf } from "../selector-header.ts";

/**
 * As {@link selectorOf}.
 * @returns a text where the selector is invalid: what is wrong with it
 */
export function readSelector(text: string | undefined): Selector | string {
  try {
    return selectorOf(text);
  } catch (error) {
    if (error instanceof InvalidSelectorError) return error.message;
    throw error;
  }
}
