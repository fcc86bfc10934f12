/** The service for every protocol that Connect speaks. */
import type { DescMethodServerStreaming, DescMethodUnary, Message } from "@bufbuild/protobuf";
import type { ConnectRouter, HandlerContext, MethodImpl } from "@connectrpc/connect";
import type { EvaluationContext } from "../../evaluation/flag.ts";
import type { HeaderLookup } from "../context.ts";
import { PulledSink } from "../pulled-sink.ts";
import { jsonOptions, type ResolveMethod, resolveMethods } from "./answer.ts";
import { type BulkMethod, bulkMethods } from "./bulk.ts";
import { type Dialect, dialects, eventStreamOf } from "./dialects.ts";
import { type Evaluator, selectorFrom } from "./evaluate.ts";
import type { EventStreams } from "./event-streams.ts";
import type { ServerEvent } from "./events.ts";

const options = { jsonOptions };

type Unary = MethodImpl<DescMethodUnary>;
type ServerStreaming = MethodImpl<DescMethodServerStreaming>;

/** What the request messages of all methods have in common. */
type Request = Message & { readonly flagKey?: string; readonly context?: EvaluationContext };

export function connectRoutes(
  evaluator: Evaluator,
  events: EventStreams,
): (router: ConnectRouter) => void {
  const resolve =
    (method: ResolveMethod): Unary =>
    ({ flagKey = "", context = {} }: Request, call) => {
      const answer = evaluator.resolve(method, flagKey, () => context, headersOf(call));
      if (answer.error !== undefined) throw answer.error;
      return answer.message;
    };

  const resolveAll =
    (method: BulkMethod): Unary =>
    (request: Request, call) =>
      evaluator.resolveAll(method, request.context ?? {}, headersOf(call), (view, context) =>
        method.answer(view, context, evaluator.record),
      );

  const eventStream = (dialect: Dialect): ServerStreaming =>
    async function* (_, call) {
      const sink = new PulledSink<ServerEvent>();
      events.open(dialect, selectorFrom(headersOf(call)), sink);
      for await (const { type, data } of sink.messages(call.signal)) yield { type, data };
    };

  return (router) => {
    for (const method of resolveMethods) router.rpc(method.method, resolve(method), options);
    for (const method of bulkMethods) router.rpc(method.method, resolveAll(method), options);
    for (const dialect of dialects) {
      router.rpc(eventStreamOf(dialect), eventStream(dialect), options);
    }
  };
}

function headersOf(call: HandlerContext): HeaderLookup {
  return (name) => call.requestHeader.get(name);
}
