/** What the server does with a request; undefined: it answers with the document. */
export type Behaviour = (request: Request) => Response | Promise<Response> | undefined;

/** An HTTP server with one document, which honours If-None-Match. `using` stops it. */
export class DocumentServer implements Disposable {
  document = '{"flags":{}}';
  contentType = "application/json";
  /** Whether it gives and honours entity tags. */
  tags = true;
  behaviour: Behaviour = () => undefined;
  /** Every request as it came, its body read. */
  readonly requests: { readonly request: Request; readonly body: string }[] = [];
  readonly #server: Bun.Server<undefined>;

  constructor(tls?: Bun.TLSOptions) {
    this.#server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      idleTimeout: 0,
      ...(tls && { tls }),
      fetch: async (request) => {
        this.requests.push({ request, body: await request.clone().text() });
        return (await this.behaviour(request)) ?? this.answer(request);
      },
    });
  }

  /** Without a slash at the end. */
  get url(): string {
    return this.#server.url.href.replace(/\/$/, "");
  }

  /** The header `name` of every request, in order. */
  header(name: string): (string | null)[] {
    return this.requests.map(({ request }) => request.headers.get(name));
  }

  answer(request: Request): Response {
    const etag = `"${Bun.hash(this.document).toString(36)}"`;
    if (this.tags && request.headers.get("if-none-match") === etag) {
      return new Response(null, { status: 304, headers: { etag } });
    }
    return new Response(this.document, {
      headers: { "content-type": this.contentType, ...(this.tags && { etag }) },
    });
  }

  [Symbol.dispose](): void {
    this.#server.stop(true);
  }
}
