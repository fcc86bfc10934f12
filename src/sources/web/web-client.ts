import { buildInfo } from "../../core/process-info.ts";
import { bunTls, type ClientTls } from "../../core/tls/tls-material.ts";
import { SourceError } from "../source.ts";
import { proxyFor } from "./proxy.ts";
import { explainWebError } from "./web-errors.ts";

/** A request as sources make it. */
export interface WebRequest {
  readonly url: URL;
  readonly method?: "GET" | "POST" | "PUT";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Instead of the client's. */
  readonly silenceMs?: number;
  /** Not through the proxy of HTTP_PROXY: it does not reach the machine's own services. */
  readonly direct?: boolean;
}

/** An answer whose body is yet to come. */
interface WebAnswer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** An answer whose body has arrived. */
export interface WholeAnswer extends Omit<WebAnswer, "chunks"> {
  readonly body: Uint8Array;
}

interface WebClientOptions {
  /** Asked before every request to an https URL. Default: the system's authorities. */
  readonly tls?: () => ClientTls;
  readonly timeoutMs?: number | undefined;
  readonly silenceMs?: number;
}

/** A peer that is silent for so long has gone without having said so. */
const defaultSilenceMs = 30_000;
/** Decompressed. A larger flag document is a mistake, such as a log or an archive. */
const maxBodyBytes = 64 * 1024 * 1024;
const maxRedirects = 10;
const idleSeconds = 90;

/** HTTP requests with bounds on everything; failures are SourceErrors. */
export class WebClient {
  readonly #options: WebClientOptions;
  readonly #patience: Patience;
  #session: Bun.FetchSession | undefined;
  /** What TLS the session was made with; undefined: none. */
  #sessionTls: string | undefined;

  constructor(options: WebClientOptions = {}) {
    const { timeoutMs, silenceMs = defaultSilenceMs } = options;
    this.#options = options;
    this.#patience = { silenceMs, ...(timeoutMs && { timeoutMs }) };
  }

  /** @throws SourceError */
  request(request: WebRequest, signal: AbortSignal): Promise<WholeAnswer> {
    return this.exchange(request, signal, async ({ chunks, ...answer }) => {
      const parts: Uint8Array[] = [];
      let length = 0;
      for await (const chunk of chunks) {
        length += chunk.length;
        if (length > maxBodyBytes)
          throw new SourceError(`the response is larger than ${maxBodyBytes} bytes`);
        parts.push(chunk);
      }
      return { ...answer, body: Buffer.concat(parts) };
    });
  }

  /**
   * `use` has the answer for as long as it takes; the connection is given up when it returns early.
   * @throws SourceError
   */
  async exchange<T>(
    request: WebRequest,
    signal: AbortSignal,
    use: (answer: WebAnswer) => Promise<T>,
  ): Promise<T> {
    const { silenceMs = this.#patience.silenceMs } = request;
    const watchdog = new Watchdog(signal, { ...this.#patience, silenceMs });
    let response: Response | undefined;
    try {
      response = await this.#follow(request, watchdog);
      const { status, statusText, headers } = response;
      return await use({ status, statusText, headers, chunks: chunksOf(response, watchdog) });
    } catch (error) {
      throw explainWebError(watchdog.signal.aborted ? watchdog.signal.reason : error, request.url);
    } finally {
      watchdog.dismiss();
      if (response?.body && !response.body.locked) await response.body.cancel().catch(() => {});
    }
  }

  /** Closes idle connections; the client can be used again. */
  close(): void {
    this.#session?.close();
    this.#session = undefined;
  }

  /** Follows redirections, but not with a body, which may hold credentials. */
  async #follow(request: WebRequest, watchdog: Watchdog): Promise<Response> {
    const headers = new Headers({ "user-agent": `flagd/${buildInfo.version}`, ...request.headers });
    let { url } = request;
    for (let hops = 0; hops <= maxRedirects; hops++) {
      const session = this.#sessionFor(url);
      const response = await session.fetch(url, {
        method: request.method ?? "GET",
        headers,
        redirect: "manual",
        signal: watchdog.signal,
        ...(request.body !== undefined && { body: request.body }),
        proxy: request.direct ? false : proxyFor(url, process.env),
      });
      watchdog.heard();
      const location = response.headers.get("location");
      const redirected = [301, 302, 303, 307, 308].includes(response.status);
      if (!redirected || location === null || request.body !== undefined) return response;
      await response.body?.cancel();
      const next = URL.canParse(location, url) ? new URL(location, url) : undefined;
      if (next?.protocol !== "http:" && next?.protocol !== "https:") {
        throw new SourceError("the server redirected to something other than an HTTP URL");
      }
      if (next.origin !== url.origin) {
        for (const name of ["authorization", "cookie", "host"]) headers.delete(name);
      }
      url = next;
    }
    throw new SourceError(`the server redirected more than ${maxRedirects} times`);
  }

  #sessionFor(url: URL): Bun.FetchSession {
    const material = url.protocol === "https:" ? (this.#options.tls?.() ?? {}) : undefined;
    const tls = material && JSON.stringify(material);
    if (this.#session && (tls === undefined || tls === this.#sessionTls)) return this.#session;
    this.close();
    this.#sessionTls = tls;
    this.#session = new Bun.FetchSession({
      keepAlive: { idleTimeout: idleSeconds, maxIdleSockets: 4 },
      ...(material && { tls: bunTls(material) }),
    });
    return this.#session;
  }
}

async function* chunksOf(response: Response, watchdog: Watchdog): AsyncGenerator<Uint8Array> {
  if (!response.body) return;
  for await (const chunk of response.body) {
    watchdog.heard();
    yield chunk;
  }
}

/** How long an exchange may take. */
interface Patience {
  /** Milliseconds for the whole exchange. */
  readonly timeoutMs?: number;
  /** Milliseconds without a byte. */
  readonly silenceMs: number;
}

/** Ends an exchange that takes too long, or in which nothing arrives. */
class Watchdog {
  readonly #ended = new AbortController();
  readonly #silence: ReturnType<typeof setTimeout>;
  readonly #total: ReturnType<typeof setTimeout> | undefined;
  readonly #stop: () => void;

  constructor(
    private readonly outer: AbortSignal,
    { timeoutMs, silenceMs }: Patience,
  ) {
    const end = (ms: number, what: string) => () =>
      this.#ended.abort(new SourceError(`${what} within ${ms / 1000} s`));
    this.#silence = setTimeout(end(silenceMs, "the server sent nothing"), silenceMs);
    this.#total =
      timeoutMs === undefined
        ? undefined
        : setTimeout(end(timeoutMs, "the server did not finish its response"), timeoutMs);
    this.#stop = () => this.#ended.abort(outer.reason);
    if (outer.aborted) this.#stop();
    else outer.addEventListener("abort", this.#stop);
  }

  /** Aborts with a SourceError as reason when patience is over, or with the outer signal. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  /** Something arrived. */
  heard(): void {
    this.#silence.refresh();
  }

  /** The exchange is over. */
  dismiss(): void {
    clearTimeout(this.#silence);
    clearTimeout(this.#total);
    this.outer.removeEventListener("abort", this.#stop);
  }
}
