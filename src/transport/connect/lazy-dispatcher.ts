import type { TransportContext } from "../call.ts";
import type { Cors } from "../cors.ts";
import type { Exchange } from "../exchange.ts";
import type { ListenerOptions } from "../listener.ts";
import type { Dispatcher } from "./dispatcher.ts";

type DispatcherOptions = Pick<ListenerOptions, "routes" | "web">;

/**
 * Connect's handlers, loaded at the first request that needs them: a daemon that is asked by gRPC and
 * OFREP alone starts in half the time, and without the memory that they take.
 */
export class LazyDispatcher {
  readonly #options: DispatcherOptions;
  readonly #cors: Cors | undefined;
  readonly #context: TransportContext;
  #dispatcher: Dispatcher | undefined;
  #loading: Promise<Dispatcher> | undefined;

  constructor(options: DispatcherOptions, cors: Cors | undefined, context: TransportContext) {
    this.#options = options;
    this.#cors = cors;
    this.#context = context;
  }

  /** Resolves when nobody is at work for it any more. */
  async serve(exchange: Exchange): Promise<void> {
    if (this.#dispatcher) return this.#dispatcher.serve(exchange);
    this.#loading ??= this.#load();
    let dispatcher: Dispatcher;
    try {
      dispatcher = await this.#loading;
    } catch (error) {
      this.#loading = undefined;
      this.#context.log.error("the services cannot be loaded", { error });
      exchange.abort();
      return;
    }
    return dispatcher.serve(exchange);
  }

  async #load(): Promise<Dispatcher> {
    const [{ Dispatcher }, { createHandlers }, routes] = await Promise.all([
      import("./dispatcher.ts"),
      import("./handlers.ts"),
      this.#options.routes(),
    ]);
    const { log, maxBytes } = this.#context;
    const handlers = createHandlers(routes, this.#options.web, maxBytes, log);
    this.#dispatcher = new Dispatcher(handlers, this.#cors, this.#context);
    return this.#dispatcher;
  }
}
