import { atOnce, inSlices } from "../../core/turns.ts";
import { takesTurns } from "../../evaluation/resolve.ts";
import { DecodeError } from "../../protobuf/reader.ts";
import type { FastPath, StreamMethod, UnaryMethod } from "../../transport/listener.ts";
import type { HeaderLookup } from "../context-additions.ts";
import { invalidArgument } from "../rpc-service.ts";
import { resolveMethods } from "./answer.ts";
import { eventStreamMethods } from "./dialects.ts";
import { type Evaluator, selectorFrom } from "./evaluator.ts";
import type { OpenEventStreams } from "./open-event-streams.ts";
import { bulkMethods } from "./resolve-all.ts";
import {
  decodeEmptyRequest,
  decodeResolveAllRequest,
  decodeResolveRequest,
  readJsonRequest,
} from "./resolve-request.ts";

/** All methods, from message bytes to message bytes. */
export function fastPath(evaluator: Evaluator, events: OpenEventStreams): FastPath {
  const resolves = resolveMethods.map(
    (method): UnaryMethod => ({
      path: method.path,
      call: naming((message, headers) => {
        const { flagKey, readContext } = decodeResolveRequest(message);
        const answer = evaluator.resolve(method, flagKey, readContext, (name) => headers[name]);
        if (answer.error !== undefined) throw answer.error;
        return answer.bytes;
      }),
      callJson(message, headers) {
        const request = readJsonRequest(message, true);
        if (request === undefined) return undefined;
        const { flagKey, context } = request;
        const answer = evaluator.resolve(
          method,
          flagKey,
          () => context,
          (name) => headers[name],
        );
        if (answer.error !== undefined) throw answer.error;
        return answer.json;
      },
    }),
  );
  const bulks = bulkMethods.map(
    (method): UnaryMethod => ({
      path: method.path,
      call: naming((message, headers, unwanted) => {
        const request = decodeResolveAllRequest(message);
        return evaluator.resolveAll(
          method,
          request,
          (name) => headers[name],
          (view, context) => {
            const steps = method.answer("bytes", view, context, evaluator.recordAll);
            return takesTurns(view) ? inSlices(steps, unwanted) : atOnce(steps);
          },
        );
      }),
      callJson(message, headers) {
        const header: HeaderLookup = (name) => headers[name];
        const request = readJsonRequest(message, false);
        if (request === undefined || takesTurns(evaluator.view(header))) return undefined;
        return evaluator.resolveAll(method, request.context, header, (view, context) =>
          atOnce(method.answer("json", view, context, evaluator.recordAll)),
        );
      },
    }),
  );
  const streams = eventStreamMethods.map(
    ({ dialect, path }): StreamMethod => ({
      path,
      open: naming((message, headers, stream) => {
        decodeEmptyRequest(message);
        const selector = selectorFrom((name) => headers[name]);
        events.open(dialect, selector, {
          send: (event) => stream.send(event.frame),
          end: (error) => stream.end(error),
          abort: () => stream.abort(),
          onDrain: (listener) => stream.onDrain(listener),
          onClose: (listener) => stream.onClose(listener),
        });
      }),
    }),
  );
  return { unary: [...resolves, ...bulks], streams };
}

/** Makes an error for the client of a message that cannot be decoded. */
function naming<Args extends unknown[], Result>(
  handle: (...args: Args) => Result,
): (...args: Args) => Result {
  return (...args) => {
    try {
      return handle(...args);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      throw invalidArgument(`unmarshal message: ${error.message}`);
    }
  };
}
