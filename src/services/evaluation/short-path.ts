/** gRPC calls from message bytes to message bytes. */
import type { StreamMethod, UnaryMethod } from "../../transport/method.ts";
import { resolveMethods } from "./answer.ts";
import { bulkMethods } from "./bulk.ts";
import { dialects, eventStreamOf } from "./dialects.ts";
import { invalidArgument } from "./errors.ts";
import { type Evaluator, selectorFrom } from "./evaluate.ts";
import type { EventStreams } from "./event-streams.ts";
import { decodeEmptyRequest, decodeResolveAllRequest, decodeResolveRequest } from "./request.ts";
import { DecodeError } from "./wire.ts";

export interface ShortPath {
  readonly unary: readonly UnaryMethod[];
  readonly streams: readonly StreamMethod[];
}

export function shortPath(evaluator: Evaluator, events: EventStreams): ShortPath {
  const resolves = resolveMethods.map(
    (method): UnaryMethod => ({
      path: method.path,
      call(message, headers) {
        const { flagKey, context } = decoded(decodeResolveRequest, message);
        const answer = evaluator.resolve(method, flagKey, context, (name) => headers[name]);
        if (answer.error !== undefined) throw answer.error;
        return answer.bytes;
      },
    }),
  );
  const bulks = bulkMethods.map(
    (method): UnaryMethod => ({
      path: method.path,
      call(message, headers) {
        const request = decoded(decodeResolveAllRequest, message);
        const [view, context] = evaluator.bulk(method, request, (name) => headers[name]);
        return method.encode(view, context, evaluator.record);
      },
    }),
  );
  const streams = dialects.map(
    (dialect): StreamMethod => ({
      path: `/${dialect.service.typeName}/${eventStreamOf(dialect).name}`,
      open(message, headers, stream) {
        decoded(decodeEmptyRequest, message);
        const selector = selectorFrom((name) => headers[name]);
        events.open(dialect, selector, {
          send: (event) => stream.send(event.frame),
          end: (error) => stream.end(error),
          abort: () => stream.abort(),
          onDrain: (listener) => stream.onDrain(listener),
          onClose: (listener) => stream.onClose(listener),
        });
      },
    }),
  );
  return { unary: [...resolves, ...bulks], streams };
}

function decoded<Request>(decode: (message: Uint8Array) => Request, message: Uint8Array): Request {
  try {
    return decode(message);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw invalidArgument(`unmarshal message: ${error.message}`);
  }
}
