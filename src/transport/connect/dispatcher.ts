import { Code, ConnectError, createContextValues } from "@connectrpc/connect";
import type {
  UniversalHandler,
  UniversalServerRequest,
  UniversalServerResponse,
} from "@connectrpc/connect/protocol";
import { codeForm } from "../../core/errors.ts";
import { Call, type TransportContext } from "../call.ts";
import type { Cors, HeaderList } from "../cors.ts";
import type { Exchange, HeaderFields } from "../exchange.ts";
import { envelopeBytes } from "../grpc/envelope.ts";
import { confinedHeader } from "../guard.ts";
import { asConnectGo } from "./as-connect-go.ts";
import { codeOf, encodedAnswer, isMessage, protocolOf, withAnswer } from "./connect-answers.ts";
import { confinedKey, type Failure, failureKey } from "./handlers.ts";
import { acceptPost, answerEmpty, answerRefusal, answerText, answerUnknown } from "./refusals.ts";
import { readBody, readPieces } from "./request-body.ts";
import { toFields, toWebHeaders } from "./web-headers.ts";

/**
 * Serves every protocol and content type by Connect's handlers.
 *
 * Connect's own adapter for node builds a URL from the request's authority, and one that is no valid
 * host (grpcio sends `%2Ftmp%2Fx.sock` over a unix socket) is an exception that ends the process:
 * here handlers get URLs with a fixed host.
 */
export class Dispatcher {
  readonly #handlers: ReadonlyMap<string, UniversalHandler>;
  readonly #services: ReadonlySet<string>;
  readonly #cors: Cors | undefined;
  readonly #context: TransportContext;

  constructor(
    handlers: ReadonlyMap<string, UniversalHandler>,
    cors: Cors | undefined,
    context: TransportContext,
  ) {
    this.#handlers = handlers;
    this.#services = new Set([...handlers.values()].map((handler) => handler.service.typeName));
    this.#cors = cors;
    this.#context = context;
  }

  /** Resolves when nobody is at work for it any more. */
  serve(exchange: Exchange): Promise<void> {
    const { method, headers, target } = exchange;
    const path = decoded(target.split("?", 1)[0] ?? "");
    const handler = this.#handlers.get(path);
    const protocol = protocolOf(handler && headers["content-type"]);
    const { observer } = this.#context;
    const known = handler ? path : "";
    const call = observer && new Call(observer, known, protocol, method, headers);
    if (call && handler) call.stream = handler.method.methodKind !== "unary";
    observer?.onOpen?.(method, known, 1);
    return this.#serve(exchange, path, handler, call)
      .catch((error) => {
        this.#context.log.debug("a request ended prematurely", { target, error });
        call?.abandon();
        exchange.abort();
      })
      .finally(() => observer?.onOpen?.(method, known, -1));
  }

  async #serve(
    exchange: Exchange,
    path: string,
    handler: UniversalHandler | undefined,
    call: Call | undefined,
  ): Promise<void> {
    const { method, headers } = exchange;
    const preflight = this.#cors?.preflight({
      method,
      origin: headers.origin,
      requestMethod: headers["access-control-request-method"],
      requestHeaders: headers["access-control-request-headers"],
    });
    if (preflight) {
      answerEmpty(exchange, 204, fieldsOf(preflight));
      return call?.finish(204, undefined);
    }
    const { guard } = this.#context;
    const cors = this.#cors ? fieldsOf(this.#cors.actual(headers.origin)) : {};
    const refused = guard?.refusal(path, headers, () => exchange.remoteAddress);
    if (refused) {
      answerRefusal(exchange, refused, handler, cors);
      return call?.finish(codeForm(refused.code).httpStatus, refused.code);
    }
    const ended = new AbortController();
    const release = guard?.hold(headers, (reason) => withdraw(exchange, ended, reason));
    return this.#answer(exchange, path, handler, call, cors, ended).finally(release);
  }

  async #answer(
    exchange: Exchange,
    path: string,
    handler: UniversalHandler | undefined,
    call: Call | undefined,
    shared: Readonly<Record<string, string>>,
    ended: AbortController,
  ): Promise<void> {
    const { headers } = exchange;
    if (handler === undefined) {
      const { status, code } = answerUnknown(
        exchange,
        path,
        this.#services,
        shared,
        this.#context.hint?.(path),
      );
      return call?.finish(status, code);
    }
    const failure: Failure = {};
    let request: UniversalServerRequest;
    try {
      request = this.#request(exchange, handler, call, failure, ended);
    } catch {
      answerText(exchange, 400, "a request header is malformed", shared);
      return call?.finish(400, undefined);
    }
    const answer = await handler(request);
    if (answer.status === 405) {
      answerEmpty(exchange, 405, { allow: handler.allowedMethods.join(", "), ...shared });
      return call?.finish(405, undefined);
    }
    if (answer.status === 415) {
      answerEmpty(exchange, 415, { "accept-post": acceptPost(handler), ...shared });
      return call?.finish(415, undefined);
    }
    const encoded = request.contextValues?.get(encodedAnswer);
    const response = await asConnectGo(
      encoded ? await withAnswer(answer, encoded, request.header) : answer,
      headers["content-type"],
      handler.method.methodKind === "unary",
    );
    await send(response, exchange, shared, call);
    call?.finish(response.status, codeOf(response, exchange.gone, failure.code));
  }

  #request(
    exchange: Exchange,
    handler: UniversalHandler,
    call: Call | undefined,
    failure: Failure,
    ended: AbortController,
  ): UniversalServerRequest {
    const { method, httpVersion, target, headers } = exchange;
    exchange.onClose(() => ended.abort(new ConnectError("the call ended", Code.Canceled)));
    const oneMessage =
      handler.method.methodKind === "unary" || handler.method.methodKind === "server_streaming";
    return {
      httpVersion,
      method,
      url: `http://localhost${target}`,
      header: toWebHeaders(exchange.headers),
      body: oneMessage
        ? readBody(
            exchange.body,
            this.#context,
            (bytes) => exchange.keep?.(bytes) ?? true,
            (bytes) => {
              if (call) call.requestBytes = messageBytesOf(bytes, headers["content-type"]);
            },
          )
        : readPieces(exchange.body),
      signal: ended.signal,
      contextValues: createContextValues()
        .set(failureKey, failure)
        .set(confinedKey, headers[confinedHeader]?.toString()),
    };
  }
}

/** Time that a handler has to end its stream with the reason. */
const withdrawMs = 1_000;

/** Ends a call with the reason why its client may no longer make it. */
function withdraw(exchange: Exchange, ended: AbortController, reason: Error): void {
  ended.abort(reason);
  const late = setTimeout(() => exchange.abort(), withdrawMs);
  exchange.onClose(() => clearTimeout(late));
}

/** Paths are the same with and without percent-encoding (RFC 3986 §6.2.2.2). */
function decoded(path: string): string {
  if (!path.includes("%")) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** In all protocols but Connect's unary one a message has an envelope. */
function messageBytesOf(bodyBytes: number, contentType = ""): number {
  const enveloped = /^application\/(?:grpc|connect)/.test(contentType);
  return Math.max(0, enveloped ? bodyBytes - envelopeBytes : bodyBytes);
}

function fieldsOf(list: HeaderList): Record<string, string> {
  return Object.fromEntries(list);
}

/** Writes an answer of Connect's. Its trailers are complete only once its body has been read. */
async function send(
  response: UniversalServerResponse,
  exchange: Exchange,
  shared: HeaderFields,
  call: Call | undefined,
): Promise<void> {
  if (call?.stream) call.responses = 0;
  const fields = { ...toFields(response.header), ...shared };
  const trailers = response.trailer !== undefined;
  const body = response.body?.[Symbol.asyncIterator]();
  try {
    exchange.respond(response.status, fields, trailers);
    while (body && !exchange.gone) {
      const next = await body.next();
      if (next.done) break;
      if (call) {
        call.responseBytes += next.value.length;
        if (call.stream && isMessage(next.value)) call.responses++;
      }
      if (!exchange.write(next.value)) await exchange.room();
    }
    exchange.end(trailers ? toFields(response.trailer) : undefined);
  } finally {
    // Lets the method know that nobody listens any more.
    void body?.return?.().catch(() => {});
  }
}
