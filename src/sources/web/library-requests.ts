import { Readable } from "node:stream";
import { messageOf } from "../../core/errors.ts";
import { isPermanent, SourceError } from "../source.ts";
import type { WebClient, WebRequest } from "./web-client.ts";

/** A library that does not come to an end, such as one that runs a command, is not waited for any longer. */
const maxWaitMs = 60_000;

/** What a library for credentials answers, one question at a time: what hangs is not begun once more. */
export class LibraryAnswers<T> {
  #pending: Promise<T> | undefined;

  constructor(private readonly maxMs = maxWaitMs) {}

  /** For as long as `signal` and patience last. @throws what `ask` throws, SourceError */
  async get(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
    this.#pending ??= ask().finally(() => {
      this.#pending = undefined;
    });
    const ended = Promise.withResolvers<never>();
    const give = (reason: string) => () => ended.reject(new SourceError(reason));
    const abort = give("stopped");
    const late = `none within ${this.maxMs / 1000} s: if a command prints them, run it by hand to see why`;
    const timer = setTimeout(give(late), this.maxMs);
    signal.addEventListener("abort", abort);
    if (signal.aborted) abort();
    try {
      return await Promise.race([this.#pending, ended.promise]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    }
  }
}

/**
 * An error of such a library in words: the SourceError that a request of ours failed with, or its first line.
 * @param what failed
 */
export function explainLibraryError(error: unknown, what: string): SourceError {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof SourceError || isPermanent(cause)) {
      return new SourceError(`${what}: ${cause.message}`, { retryable: !isPermanent(cause) });
    }
  }
  const line = messageOf(error).trim().split("\n")[0] ?? "";
  return new SourceError(`${what}: ${line.slice(0, 300)}`);
}

/** A `fetch` for libraries, with the bounds, the proxies and the authorities of our own requests. */
export function fetchBy(client: WebClient): typeof fetch {
  const request = async (input: string | URL | Request, init: RequestInit = {}) => {
    const signal = init.signal ?? new AbortController().signal;
    const answer = await client.request(
      {
        url: new URL(input instanceof Request ? input.url : input),
        method: methodOf(init.method),
        headers: Object.fromEntries(new Headers(init.headers)),
        ...(init.body && { body: String(init.body) }),
      },
      signal,
    );
    const { status, statusText, headers } = answer;
    return new Response(Buffer.from(answer.body), {
      status,
      statusText,
      headers: withoutCoding(headers),
    });
  };
  return Object.assign(request, { preconnect: () => {} });
}

/** What the AWS SDK asks of the maker of its requests. */
interface AwsRequest {
  readonly protocol?: string;
  readonly hostname: string;
  readonly port?: number | undefined;
  readonly path: string;
  readonly method: string;
  readonly query?: Readonly<Record<string, string | string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** The same for the AWS SDK, in its terms. */
export function awsRequestHandler(client: WebClient) {
  return {
    metadata: { handlerProtocol: "http/1.1" },
    async handle(
      request: AwsRequest,
      { abortSignal }: { readonly abortSignal?: AbortSignal | undefined } = {},
    ) {
      const { protocol = "https:", hostname, port, path, query = {}, headers, body } = request;
      const url = new URL(`${protocol}//${hostname}${port ? `:${port}` : ""}${path}`);
      for (const [name, value] of Object.entries(query)) {
        for (const one of [value].flat()) url.searchParams.append(name, one ?? "");
      }
      const signal = abortSignal ?? new AbortController().signal;
      const sent = body ? { body: String(body) } : {};
      const asked = { url, method: methodOf(request.method), headers, ...sent };
      const answer = await client.request(asked, signal);
      return {
        response: {
          statusCode: answer.status,
          reason: answer.statusText,
          headers: Object.fromEntries(withoutCoding(answer.headers)),
          body: Readable.from([Buffer.from(answer.body)]),
        },
      };
    },
    updateHttpClientConfig() {},
    httpHandlerConfigs: () => ({}),
  };
}

export function methodOf(method = "GET"): NonNullable<WebRequest["method"]> {
  const known = (["GET", "POST", "PUT"] as const).find((name) => name === method.toUpperCase());
  if (known === undefined) throw new SourceError(`a request with the method ${method}`);
  return known;
}

/** The body has been decompressed. */
export function withoutCoding(headers: Headers): Headers {
  const left = new Headers(headers);
  left.delete("content-encoding");
  left.delete("content-length");
  return left;
}
