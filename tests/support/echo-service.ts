/**
 * A service for transport tests: what it answers is decided by the request alone.
 *
 * Keys: `missing` NOT_FOUND, `unicode` and `detailed` errors that need encoding, `broken` throws,
 * `large` answers 100 kB, any other answers itself. The event stream sends as many messages as the
 * header `x-events` says, each of at least `x-size` bytes, and then ends, with an error if `x-fail` is set, or never if
 * `x-hang` is.
 */
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { StringValueSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { RpcError } from "../../src/core/errors.ts";
import {
  EventStreamResponseSchema as Event,
  type EventStreamResponseSchema,
  ResolveStringRequestSchema,
  type ResolveStringResponseSchema,
  Service,
  ResolveStringResponseSchema as StringResponse,
} from "../../src/gen/flagd/evaluation/v1/evaluation_pb.ts";
import { frameMessage } from "../../src/transport/grpc/envelope.ts";
import type { ListenerOptions, StreamMethod, UnaryMethod } from "../../src/transport/listener.ts";
import { aborted } from "./aborted.ts";
import { fastPathError } from "./fast-path-error.ts";
import { until } from "./until.ts";

export const echoPath = "/flagd.evaluation.v1.Service/ResolveString";
export const eventPath = "/flagd.evaluation.v1.Service/EventStream";

export interface EchoService {
  readonly routes: (router: ConnectRouter) => void;
  readonly unary: readonly UnaryMethod[];
  readonly streams: readonly StreamMethod[];
  /** Event streams that have not ended, by either path. */
  readonly openStreams: () => number;
  readonly allStreamsEnded: () => Promise<unknown>;
}

type Header = (name: string) => string | undefined;

export function createEchoService(): EchoService {
  let open = 0;
  const unary: UnaryMethod = {
    path: echoPath,
    call(message) {
      const { flagKey } = fromBinary(ResolveStringRequestSchema, message);
      try {
        return toBinary(StringResponse, create(StringResponse, echo(flagKey)));
      } catch (error) {
        throw error instanceof ConnectError ? fastPathError(error) : error;
      }
    },
  };
  const stream: StreamMethod = {
    path: eventPath,
    open(_message, headers, messages) {
      const header: Header = (name) => headers[name] as string | undefined;
      refuse(header);
      open++;
      messages.onClose(() => open--);
      for (const event of events(header)) {
        messages.send(frameMessage(toBinary(Event, create(Event, event))));
      }
      if (header("x-fail")) messages.end(failure());
      else if (!header("x-hang")) messages.end();
    },
  };
  return {
    unary: [unary],
    streams: [stream],
    openStreams: () => open,
    allStreamsEnded: () => until("the end of all streams", () => open === 0),
    routes: (router) =>
      router.service(Service, {
        resolveString: (request) => echo(request.flagKey),
        async *eventStream(_request, context) {
          const header: Header = (name) => context.requestHeader.get(name) ?? undefined;
          refuse(header);
          open++;
          try {
            yield* events(header);
            if (header("x-fail")) throw failure();
            if (header("x-hang")) {
              await aborted(context.signal);
            }
          } finally {
            open--;
          }
        },
      }),
  };
}

/** Options of a listener for the echo service on a free port of the loopback interface. */
export function echoOptions(service: EchoService, fast: boolean) {
  return {
    name: "test",
    address: { port: 0, host: "127.0.0.1" },
    routes: async () => service.routes,
    ...(fast && { unary: service.unary, streams: service.streams }),
    web: true,
    corsOrigins: [],
    maxRequestBody: 100_000,
    maxRequestHeader: 20_000,
  } satisfies Partial<ListenerOptions>;
}

function echo(key: string): MessageInitShape<typeof ResolveStringResponseSchema> {
  switch (key) {
    case "missing":
      throw new ConnectError("Flag not found", Code.NotFound);
    case "unicode":
      throw new ConnectError("100 % Größe\n", Code.InvalidArgument);
    case "detailed":
      throw new ConnectError("look here", Code.DataLoss, { "x-where": "here" }, [
        { desc: StringValueSchema, value: { value: "detail" } },
      ]);
    case "broken":
      throw new Error("a secret of the implementation");
    case "large":
      return { value: "large ".repeat(20_000), variant: key };
    default:
      return { value: key, reason: "STATIC", variant: "echo", metadata: { length: key.length } };
  }
}

function* events(
  header: Header,
): Generator<MessageInitShape<typeof EventStreamResponseSchema>, void> {
  for (let n = 0; n < Number(header("x-events") ?? 1); n++) {
    yield { type: `event ${n}`.padEnd(Number(header("x-size") ?? 0), ".") };
  }
}

function refuse(header: Header): void {
  if (header("x-refuse")) throw new RpcError("not today", Code.InvalidArgument);
}

function failure(): RpcError {
  return new RpcError("Größe", Code.Unavailable);
}
