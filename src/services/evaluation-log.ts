import type { Log } from "../core/log.ts";
import { shorten } from "../core/shorten.ts";
import type { EvaluationTrace } from "./evaluation-tracing.ts";

/** Names of context members that an entry has at most. */
const mostKeys = 100;

/**
 * An entry for every evaluation, and one more where it failed, in the words of every flagd. Of the
 * context it has the names only.
 */
export function logEvaluations(log: Log): EvaluationTrace {
  return ({ name }) => ({
    flag({ key, outcome, error, context }) {
      const { reason, variant, errorCode } = outcome;
      const shown = shorten(key);
      const fields = {
        "flag-key": shown,
        ...(context && { "context-keys": Object.keys(context).slice(0, mostKeys).map(shorten) }),
      };
      log.debug(
        name === "resolveAnyValue"
          ? `evaluating flag \`${shown}\` as a generic flag`
          : `evaluating ${name.replace("resolve", "").toLowerCase()} flag: ${shown}`,
        { ...fields, reason, ...(variant !== undefined && { variant }) },
      );
      if (error === undefined && errorCode === undefined) return;
      log.warn(`returning error response, reason: ${errorCode ?? error?.message}`, fields);
    },
    flags: (count) => log.debug(`evaluating all flags: ${count}`),
    failed: (error) => log.warn(`evaluating nothing: ${error}`),
  });
}
