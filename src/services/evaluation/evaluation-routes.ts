import {
  create,
  type DescMethod,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type DescService,
  type Message,
} from "@bufbuild/protobuf";
import type { ConnectRouter, MethodImpl } from "@connectrpc/connect";
import { inSlices } from "../../core/turns.ts";
import type { EvaluationContext } from "../../evaluation/resolve.ts";
import { Service as EvaluationV1 } from "../../gen/flagd/evaluation/v1/evaluation_pb.ts";
import { Service as EvaluationV2 } from "../../gen/flagd/evaluation/v2/evaluation_pb.ts";
import { Service as SchemaV1 } from "../../gen/schema/v1/schema_pb.ts";
import { encodedAnswer, formOf } from "../../transport/connect/connect-answers.ts";
import { headersOf } from "../../transport/connect/handlers.ts";
import { PulledSink } from "../pulled-sink.ts";
import { type ResolveMethod, resolveMethods } from "./answer.ts";
import { eventStreamMethods, type MethodName } from "./dialects.ts";
import { type Evaluator, selectorFrom } from "./evaluator.ts";
import type { ServerEvent } from "./events.ts";
import type { OpenEventStreams } from "./open-event-streams.ts";
import { type BulkMethod, bulkMethods } from "./resolve-all.ts";

/** The service for every protocol that Connect speaks. */

/** The versions of the service, as their protocol files describe them. */
export const services: readonly DescService[] = [EvaluationV1, EvaluationV2, SchemaV1];

/** Go flagd writes zero values into JSON, and clients without protobuf rely on finding them. */
const options = { jsonOptions: { alwaysEmitImplicit: true } };

type Unary = MethodImpl<DescMethodUnary>;
type ServerStreaming = MethodImpl<DescMethodServerStreaming>;

/** What the request messages of all methods have in common. */
type Request = Message & { readonly flagKey?: string; readonly context?: EvaluationContext };

/** Puts the methods of all versions into Connect's router. */
export function connectRoutes(
  evaluator: Evaluator,
  events: OpenEventStreams,
): (router: ConnectRouter) => void {
  const resolve =
    (method: ResolveMethod, { output }: DescMethodUnary): Unary =>
    ({ flagKey = "", context = {} }: Request, call) => {
      const answer = evaluator.resolve(method, flagKey, () => context, headersOf(call));
      if (answer.error !== undefined) throw answer.error;
      return create(output, { ...answer.reply });
    };

  const resolveAll =
    (method: BulkMethod, { output }: DescMethodUnary): Unary =>
    ({ context = {} }: Request, call) =>
      evaluator.resolveAll(method, context, headersOf(call), async (view, complete) => {
        const form = formOf(call.requestHeader);
        const answer = await inSlices(
          method.answer(form, view, complete, evaluator.recordAll),
          () => call.signal.aborted,
        );
        call.values.set(encodedAnswer, answer);
        return create(output);
      });

  const eventStream = ({ dialect }: MethodName): ServerStreaming =>
    async function* (_, call) {
      const sink = new PulledSink<ServerEvent>();
      events.open(dialect, selectorFrom(headersOf(call)), sink);
      for await (const { type, data } of sink.messages(call.signal)) yield { type, data };
    };

  return (router) => {
    for (const method of resolveMethods) {
      const described = describe(method, isUnary);
      router.rpc(described, resolve(method, described), options);
    }
    for (const method of bulkMethods) {
      const described = describe(method, isUnary);
      router.rpc(described, resolveAll(method, described), options);
    }
    for (const method of eventStreamMethods) {
      router.rpc(describe(method, isServerStreaming), eventStream(method), options);
    }
  };
}

function describe<Method extends DescMethod>(
  { dialect, name, path }: MethodName,
  is: (method: DescMethod) => method is Method,
): Method {
  const service = services.find(({ typeName }) => typeName === dialect.service);
  const method = service?.method[name];
  if (method && is(method)) return method;
  throw new TypeError(`${path} is no such method`);
}

function isUnary(method: DescMethod): method is DescMethodUnary {
  return method.methodKind === "unary";
}

function isServerStreaming(method: DescMethod): method is DescMethodServerStreaming {
  return method.methodKind === "server_streaming";
}
