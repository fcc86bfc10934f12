import { shorten } from "../../core/shorten.ts";
import type { Node, Scope } from "../rule/expression.ts";

/**
 * Reports that a client sent no value, or one of another kind, for the attribute that an argument reads:
 * that is everyday life, no mistake of the rule.
 * @param wanted `a text`, …
 * @returns false if the argument does not simply read an attribute, so that nothing was reported
 */
export function unusable(
  scope: Scope,
  operator: string,
  wanted: string,
  argument: Node | undefined,
  found: unknown,
): boolean {
  if (argument?.attribute === undefined) return false;
  const attribute = JSON.stringify(shorten(argument.attribute));
  const flag = JSON.stringify(scope.flagKey);
  scope.report(
    "info",
    found === undefined || found === null
      ? `flag ${flag}: the context has no attribute ${attribute}, so ${operator} gives null`
      : `flag ${flag}: the attribute ${attribute} is not ${wanted}, so ${operator} gives null`,
  );
  return true;
}
