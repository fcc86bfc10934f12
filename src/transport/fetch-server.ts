import type { Log } from "../core/log.ts";
import { within } from "../core/within.ts";
import type { HttpHandler } from "./http.ts";
import { requestLineBytes } from "./limits.ts";

export interface FetchServerOptions {
  readonly socketPath: string;
  /** Asked in this order. They bound the bodies that they read. */
  readonly handlers: readonly HttpHandler[];
  /** Bytes of request line and headers, of all HTTP servers of this process. */
  readonly maxRequestHeader: number;
  /** A connection on which nobody says anything for so long is closed; 9,000 where not given. */
  readonly silenceMs?: number | undefined;
  readonly log: Log;
}

export interface FetchServer {
  /** Accepts no more, waits for requests in flight up to `graceMs`, then closes what is left. */
  stop(graceMs: number): Promise<void>;
}

/**
 * Bun counts in steps of 4 s, of which the first may be nearly over: these are three, so that those who
 * read bodies give up before and have words for it.
 */
const usualSilenceMs = 9_000;

/** Bun's server, complete and costly, on a unix socket. */
export function serveFetch(options: FetchServerOptions): FetchServer {
  const { socketPath, handlers, maxRequestHeader, silenceMs = usualSilenceMs, log } = options;
  limitHeaders(maxRequestHeader);
  const server = Bun.serve({
    ...onSocket(socketPath),
    // `server.timeout()` for single requests does nothing on unix sockets (oven-sh/bun#43816).
    idleTimeout: silenceMs / 1000,
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    fetch: (request) => answer(request, handlers),
    error: (error) => {
      log.error("request failed", { error: String(error) });
      const body = { errorCode: "GENERAL", errorDetails: "internal error" };
      return Response.json(body, { status: 500 });
    },
  });
  return {
    async stop(graceMs) {
      await within(server.stop(), graceMs);
      await server.stop(true);
    },
  };
}

/** Bun's types do not know that there are timeouts on sockets, too. */
function onSocket(unix: string): { port: number } {
  return { unix } as object as { port: number };
}

/** What Bun.serve takes unless it is told another. */
const defaultHeaderBytes = 16 << 10;
/** node:http is not loaded while the daemon starts. */
const headerLimitMs = 100;

let laterLimit: Timer | undefined;

/** Bun.serve has no limit of its own for headers: it takes that of node:http, which is the process's. */
function limitHeaders(maxRequestHeader: number): void {
  if (maxRequestHeader <= 0) return;
  const maxHeaderSize = maxRequestHeader + requestLineBytes;
  const limit = () => {
    Reflect.set(process.getBuiltinModule("node:http"), "maxHeaderSize", maxHeaderSize);
  };
  clearTimeout(laterLimit);
  if (maxHeaderSize <= defaultHeaderBytes) limit();
  else laterLimit = setTimeout(limit, headerLimitMs).unref();
}

function answer(request: Request, handlers: readonly HttpHandler[]): Response | Promise<Response> {
  for (const handler of handlers) {
    const response = handler(request);
    if (response !== undefined) return response;
  }
  return new Response("404 page not found\n", {
    status: 404,
    headers: { "Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff" },
  });
}
