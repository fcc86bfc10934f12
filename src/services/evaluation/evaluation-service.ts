import type { Outcome } from "../../evaluation/outcomes.ts";
import type { SnapshotSource } from "../../store/view.ts";
import type { EventClient } from "../../telemetry/stream-metrics.ts";
import type { OutcomeGroup } from "../answer-blocks.ts";
import { ContextAdditions, type ContextSource } from "../context-additions.ts";
import type { EvaluationTrace } from "../evaluation-trace.ts";
import type { RpcService } from "../rpc-service.ts";
import { fastPath } from "./evaluation-fast-path.ts";
import { createEvaluator, traced } from "./evaluator.ts";
import { OpenEventStreams } from "./open-event-streams.ts";

/**
 * The evaluation service in all its versions, by two ways: the fast path for gRPC calls, bytes to
 * bytes, and Connect's handlers for every other protocol. Both pick from the same answers.
 */

export interface EvaluationServiceOptions {
  readonly store: SnapshotSource;
  /** Added to every evaluation context, over what the request says. */
  readonly context: ContextSource;
  /** Lower-case request header → context member that its value sets, over all others. */
  readonly contextFromHeader: ReadonlyMap<string, string>;
  /** Event streams say provider_ready only then. */
  readonly whenReady: Promise<void>;
  /** Milliseconds until an event stream is ended; ≤ 0: never. */
  readonly streamDeadlineMs: number;
  /** Milliseconds without another message until a keep_alive; 20,000 if not given. */
  readonly keepAliveMs?: number;
  /** Milliseconds that a reader of events may make no progress; 30,000 if not given. */
  readonly stallMs?: number;
  /** Called for every flag evaluated, with the outcome that the caller was told of. */
  readonly record: (outcome: Outcome) => void;
  /** The same for those of an answer about all flags. */
  readonly recordAll?: (group: OutcomeGroup) => void;
  readonly trace?: EvaluationTrace;
  /** Called for every event stream opened; what it returns when the stream ends. */
  readonly measureEvents?: (client: EventClient) => () => void;
}

/** Its `shutdown` sends provider_shutdown to every event stream before it ends it. */
export function createEvaluationService(options: EvaluationServiceOptions): RpcService {
  const additions = new ContextAdditions(options.context, options.contextFromHeader);
  const plain = createEvaluator({ ...options, additions });
  const evaluator = options.trace ? traced(plain, options.trace) : plain;
  const events = new OpenEventStreams(options);
  return {
    routes: async () => (await import("./evaluation-routes.ts")).connectRoutes(evaluator, events),
    descriptors: async () => (await import("./evaluation-routes.ts")).services,
    ...fastPath(evaluator, events),
    shutdown: () => events.shutdown(),
  };
}
