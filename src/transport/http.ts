/**
 * HTTP/1.1 for request handlers of the Fetch API: what OFREP and management need, and no more.
 */
import type { TlsOptions } from "node:tls";
import { ConfigError } from "../config/errors.ts";
import type { Log } from "../telemetry/log.ts";
import { readCertificates, watchCertificates } from "./certificates.ts";
import { defaultTimeouts } from "./limits.ts";
import type { PortSharing, TlsFiles } from "./listener.ts";

/** undefined: the request is not for this handler, the next is asked. */
export type HttpHandler = (request: Request) => Response | Promise<Response> | undefined;

export interface HttpOptions {
  /** For messages: "OFREP", "management". */
  readonly name: string;
  /** 0: any free port. */
  readonly port: number;
  /** Instead of the port. */
  readonly socketPath?: string;
  /** All interfaces where not given. */
  readonly hostname?: string;
  readonly shared?: PortSharing;
  /** Asked in this order. They bound the bodies that they read. */
  readonly handlers: readonly HttpHandler[];
  readonly tls?: TlsFiles;
  /** Bytes of request line and headers, of all HTTP servers of this process. */
  readonly maxRequestHeader: number;
  /** How long nothing may be sent on a connection, within an answer too; 5 s where not given. */
  readonly silenceMs?: number;
  readonly certificateCheckMs?: number;
  readonly log: Log;
}

export interface HttpServer {
  /** The real one, once bound. */
  readonly port: number;
  /** Accepts no more, waits for requests in flight up to `graceMs`, then closes what is left. */
  stop(graceMs: number): Promise<void>;
}

/** Go adds this much to the limit, for the request line. */
const headerSlackBytes = 4096;

/** @throws ConfigError where the port is taken or a certificate cannot be used. */
export function serveHttp(options: HttpOptions): HttpServer {
  const {
    name,
    tls,
    handlers,
    log,
    silenceMs = defaultTimeouts.keepAliveMs,
    certificateCheckMs = defaultTimeouts.certificateCheckMs,
  } = options;
  limitHeaders(options.maxRequestHeader);
  const { hostname, port: wanted, socketPath } = options;
  const where = { port: wanted, ...(hostname !== undefined && { hostname }) };
  const serve = (port: number, certificate: TlsOptions | undefined) =>
    Bun.serve({
      ...(socketPath === undefined ? { ...where, port } : onSocket(socketPath)),
      ...(options.shared && { reusePort: true }),
      ...(certificate && { tls: tlsOptions(certificate) }),
      // Not by `server.timeout` for single requests: on a unix socket it has no effect.
      idleTimeout: silenceMs / 1000,
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      fetch: (request) => answer(request, handlers),
      error: (error) => {
        log.error("request failed", { error: String(error) });
        const body = { errorCode: "GENERAL", errorDetails: "internal error" };
        return Response.json(body, { status: 500 });
      },
    });

  if (options.shared === "first") {
    // Without SO_REUSEPORT it fails where another process has the port.
    const claim = () => Bun.serve({ ...where, fetch: () => new Response() });
    void bind(name, options.port, claim).stop(true);
  }
  let server = bind(name, options.port, () => serve(options.port, tls && readCertificates(tls)));
  const { port = 0 } = server;

  const endWatch = tls
    ? watchCertificates(tls, certificateCheckMs, log, (changed) => {
        // `reload` keeps the old certificate. In one turn of the event loop nobody misses the port.
        const old = server;
        void old.stop();
        server = serve(port, changed);
      })
    : () => {};

  return {
    port,
    async stop(graceMs) {
      endWatch();
      let timer: Timer | undefined;
      const over = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, graceMs);
      });
      await Promise.race([server.stop(), over]);
      clearTimeout(timer);
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
  const maxHeaderSize = maxRequestHeader + headerSlackBytes;
  const limit = () => {
    Reflect.set(process.getBuiltinModule("node:http"), "maxHeaderSize", maxHeaderSize);
  };
  clearTimeout(laterLimit);
  if (maxHeaderSize <= defaultHeaderBytes) limit();
  else laterLimit = setTimeout(limit, headerLimitMs).unref();
}

/** What Bun.serve takes of them; it accepts TLS 1.2 and later, and HTTP/1.1 only, by itself. */
function tlsOptions({ cert, key, ca, requestCert, rejectUnauthorized }: TlsOptions) {
  return { cert, key, ca, requestCert, rejectUnauthorized } as Bun.TLSOptions;
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

function bind<Server>(name: string, port: number, serve: () => Server): Server {
  try {
    return serve();
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`${name}: cannot listen on port ${port}: ${explain(error)}`);
  }
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  switch ("code" in error ? error.code : undefined) {
    case "EADDRINUSE":
      return "it is in use by another process; stop that process or choose another port";
    case "EACCES":
      return "permission denied; ports below 1024 need more rights";
    default:
      return error.message;
  }
}
