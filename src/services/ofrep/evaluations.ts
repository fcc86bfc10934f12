import { atOnce, inSlices } from "../../core/turns.ts";
import { once } from "../../evaluation/memo.ts";
import type { Outcome } from "../../evaluation/outcomes.ts";
import { type EvaluationContext, resolve, takesTurns } from "../../evaluation/resolve.ts";
import type { Selector, SnapshotSource } from "../../store/view.ts";
import { type OutcomeGroup, oneByOne } from "../answer-blocks.ts";
import { ContextAdditions, type ContextSource } from "../context-additions.ts";
import type { EvaluationSpan, EvaluationTrace } from "../evaluation-trace.ts";
import { selectorHeader } from "../selector-header.ts";
import { type BulkAnswer, bulkAnswer, elementOf, matches } from "./answers.ts";
import { namedConfiguration } from "./event-channel.ts";
import { eventStreams, type OfrepEvents } from "./ofrep-events.ts";
import { isRefusal, type OfrepRequest, parseContext, readSelector } from "./ofrep-request.ts";
import { json, type Reply, refusal } from "./reply.ts";
import type { Body } from "./request-body.ts";

/** From a context to the answer of OFREP's two ways to evaluate. */

export interface EvaluationsOptions {
  readonly store: SnapshotSource;
  /** Added to every evaluation context, over what the request says. */
  readonly context: ContextSource;
  /** Lower-case request header → context member that its value sets, over all others. */
  readonly contextFromHeader: ReadonlyMap<string, string>;
  /** Called for every flag evaluated, with the outcome that the caller was told of. */
  readonly record: (outcome: Outcome) => void;
  /** The same for those of an answer about all flags. */
  readonly recordAll?: (group: OutcomeGroup) => void;
  readonly traceEvaluation?: EvaluationTrace;
  /** Undefined: there are no event streams, and no bulk answer speaks of them. */
  readonly events?: OfrepEvents;
}

/**
 * Answers a request by its body: about one flag, or, if `key` is undefined, about all. There is a
 * promise only if the answer is {@link Evaluations.takesTurns made in turns}, or the request names a
 * configuration that has to be waited for. What is the same for many requests is the same object.
 */
export type Evaluate = (
  request: OfrepRequest,
  key: string | undefined,
  body: Body,
) => Reply | Promise<Reply>;

/** What both ways into the service share. */
export interface Evaluations {
  readonly evaluate: Evaluate;
  /** Is the answer about all flags made in turns of the event loop? */
  takesTurns(headers: OfrepRequest["headers"]): boolean;
}

/** What metrics count, and the reply. */
const single = once((outcome: Outcome) => {
  const { counted, status, json: text } = elementOf(outcome);
  return { counted, reply: json(status, text) };
});

export function createEvaluations(options: EvaluationsOptions): Evaluations {
  const { store, record, traceEvaluation, events } = options;
  const { recordAll = oneByOne(record) } = options;
  const additions = new ContextAdditions(options.context, options.contextFromHeader);

  function startSpan(request: OfrepRequest, name: string): EvaluationSpan | undefined {
    const traceparent = request.headers.traceparent;
    return traceEvaluation?.({ name, scope: "jsonEvaluator", kind: "internal", traceparent });
  }

  function one(
    request: OfrepRequest,
    selector: Selector,
    key: string,
    context: EvaluationContext,
  ): Reply {
    const span = traceEvaluation && startSpan(request, "resolveAnyValue");
    const view = store.snapshot.view(selector);
    const outcome = resolve(view, key, () => context);
    const { counted, reply } = single(outcome);
    record(counted);
    span?.flag({ key, outcome: counted, context });
    return reply;
  }

  function all(
    request: OfrepRequest,
    selector: Selector,
    context: EvaluationContext,
  ): Reply | Promise<Reply> {
    const span = traceEvaluation && startSpan(request, "resolveAll");
    const streams = events && eventStreams(selector);
    const view = store.snapshot.view(selector);
    const bulkReply = ({ counted, body, etag }: BulkAnswer): Reply => {
      let flags = 0;
      for (const group of counted) {
        recordAll(group);
        flags += group.outcomes.length;
      }
      span?.flags(flags);
      const condition = request.headers["if-none-match"];
      if (condition !== undefined && matches(condition, etag)) {
        return { status: 304, headers: [["ETag", etag]], body: null };
      }
      return json(200, body, [["ETag", etag]]);
    };
    const steps = bulkAnswer(view, context, streams);
    if (!takesTurns(view)) return bulkReply(atOnce(steps));
    const answer = inSlices(steps, () => request.gone === true);
    return answer.then(bulkReply, (error) => {
      span?.failed(error);
      throw error;
    });
  }

  const evaluate: Evaluate = (request, key, body) => {
    if ("refused" in body) return refusal(body.refused, key);
    const context = parseContext(body.text);
    if (context === undefined) return refusal("invalid", key);
    const selector = readSelector(request.headers[selectorHeader], request);
    if (isRefusal(selector)) return refusal(selector, key);
    const now = (): Reply | Promise<Reply> => {
      additions.apply(context, (name) => request.headers[name]);
      return key === undefined
        ? all(request, selector, context)
        : one(request, selector, key, context);
    };
    const named = events && namedConfiguration(request.target);
    return named ? events.fresh(selector, named).then(now) : now();
  };

  return {
    evaluate,
    takesTurns(headers) {
      const selector = readSelector(headers[selectorHeader], { headers });
      return !isRefusal(selector) && takesTurns(store.snapshot.view(selector));
    },
  };
}
