type Listener = (event: object) => void;

/** One FeatureFlag in an API server that lists and watches. `using` stops it. */
export class KubernetesServer implements Disposable {
  readonly lists: Request[] = [];
  readonly watches: Request[] = [];
  /** What it answers instead of a list or watch. */
  behaviour: (request: Request) => Response | Promise<Response> | undefined = () => undefined;
  #object: object | undefined;
  #version = 100;
  /** Every event since the start, by version. */
  readonly #history: { readonly version: number; readonly event: object }[] = [];
  readonly #open = new Map<ReadableStreamDefaultController<Uint8Array>, Listener>();
  readonly #server: Bun.Server<undefined>;

  constructor(
    readonly path = "/apis/core.openfeature.dev/v1beta1/namespaces/shop/featureflags",
    tls?: Bun.TLSOptions,
  ) {
    this.#server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      idleTimeout: 0,
      ...(tls && { tls }),
      fetch: (request) => this.#answer(request),
    });
  }

  /** Without a slash at the end. */
  get url(): string {
    return this.#server.url.href.replace(/\/$/, "");
  }

  get port(): number {
    return Number(this.#server.url.port);
  }

  get version(): string {
    return String(this.#version);
  }

  /** Creates or changes the flag; undefined deletes it. */
  set(spec: unknown, metadata: object = {}): void {
    this.#version++;
    const before = this.#object;
    const named = { name: "flags", namespace: "shop", resourceVersion: this.version, ...metadata };
    const object = {
      apiVersion: "core.openfeature.dev/v1beta1",
      kind: "FeatureFlag",
      metadata: named,
      ...(spec === undefined ? before : { spec }),
    };
    this.#object = spec === undefined ? undefined : object;
    const type = spec === undefined ? "DELETED" : before ? "MODIFIED" : "ADDED";
    this.#emit({ type, object: { ...object, metadata: named } });
  }

  /** Tells the watchers that nothing happened up to now, though elsewhere things did. */
  bookmark(): void {
    this.#version += 10;
    const metadata = { resourceVersion: this.version };
    this.#emit({ type: "BOOKMARK", object: { kind: "FeatureFlag", metadata } }, false);
  }

  /** Sends `text` as it is to every watcher. */
  say(text: string): void {
    for (const controller of this.#open.keys()) controller.enqueue(new TextEncoder().encode(text));
  }

  /** Ends every watch, as the server does when the time asked for is over. */
  endWatches(): void {
    for (const controller of this.#open.keys()) controller.close();
    this.#open.clear();
  }

  get openWatches(): number {
    return this.#open.size;
  }

  #emit(event: object, remember = true): void {
    if (remember) this.#history.push({ version: this.#version, event });
    for (const listener of this.#open.values()) listener(event);
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const watching = searchParams.get("watch") === "true";
    // A copy: Bun drops the headers of a request that was answered.
    (watching ? this.watches : this.lists).push(request.clone());
    const own = await this.behaviour(request);
    if (own) return own;
    if (pathname !== this.path || searchParams.get("fieldSelector") !== "metadata.name=flags") {
      return Response.json({ kind: "Status", code: 404 }, { status: 404 });
    }
    if (watching) return this.#watch(Number(searchParams.get("resourceVersion")));
    return Response.json({
      kind: "FeatureFlagList",
      metadata: { resourceVersion: this.version },
      items: this.#object ? [this.#object] : [],
    });
  }

  #watch(from: number): Response {
    let mine: ReadableStreamDefaultController<Uint8Array> | undefined;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        mine = controller;
        const send = (event: object) =>
          controller.enqueue(new TextEncoder().encode(`${JSON.stringify(event)}\n`));
        for (const { version, event } of this.#history) if (version > from) send(event);
        this.#open.set(controller, send);
      },
      cancel: () => {
        if (mine) this.#open.delete(mine);
      },
    });
    return new Response(body, { headers: { "content-type": "application/json" } });
  }

  [Symbol.dispose](): void {
    this.endWatches();
    this.#server.stop(true);
  }
}
