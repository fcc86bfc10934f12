import { codeForm, type RpcError } from "../../core/errors.ts";
import { isLoopback } from "../../core/tcp-address.ts";
import { everything } from "../../store/selector.ts";
import type { SnapshotSource } from "../../store/view.ts";
import type { Guard } from "../../transport/guard.ts";
import { type HttpHandler, type HttpReply, pathOf } from "../../transport/http-handler.ts";
import type { HeaderLookup } from "../context-additions.ts";
import { parseContext } from "../ofrep/ofrep-request.ts";
import { flagsPath } from "../ofrep/ofrep-route.ts";
import { type Body, createBodyReader } from "../ofrep/request-body.ts";
import { pageAssets } from "./assets.ts";
import { type ExplanationOptions, explainFlag } from "./explanation.ts";
import { listFlags } from "./flag-list.ts";

/** Open pages that are told of changes, in one thread. */
const maxStreams = 50;
/** For what is no change of a flag: a source that fails, streams that open. */
const everyMs = 2_000;

/** Tells open pages that there is something new, which they then ask for. */
export class PageEvents {
  readonly #open = new Set<ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>>();
  #timer: Timer | undefined;
  #unsubscribe: (() => void) | undefined;

  constructor(private readonly store: SnapshotSource) {}

  /**
   * Undefined: too many are open.
   * @param hold given what ends the stream, returns what is to be called at its end
   */
  open(
    hold: (end: () => void) => (() => void) | undefined = () => undefined,
  ): ReadableStream<Uint8Array<ArrayBuffer>> | undefined {
    if (this.#open.size >= maxStreams) return undefined;
    let own: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
    let release: (() => void) | undefined;
    return new ReadableStream({
      start: (controller) => {
        own = controller;
        this.#open.add(own);
        release = hold(() => this.#end(own));
        own.enqueue(event("tick"));
        this.#unsubscribe ??= this.store.subscribe(everything, () => this.#tell("change"));
        this.#timer ??= setInterval(() => this.#tell("tick"), everyMs);
      },
      cancel: () => {
        release?.();
        this.#close(own);
      },
    });
  }

  /** Ends all. */
  shutdown(): void {
    for (const controller of this.#open) this.#end(controller);
  }

  #end(controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>): void {
    if (!this.#open.has(controller)) return;
    this.#close(controller);
    controller.close();
  }

  #tell(name: string): void {
    for (const controller of this.#open) {
      // A page that does not read has an event waiting that says as much.
      if ((controller.desiredSize ?? 0) > -8) controller.enqueue(event(name));
    }
  }

  #close(controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>): void {
    this.#open.delete(controller);
    if (this.#open.size > 0) return;
    this.#unsubscribe?.();
    clearInterval(this.#timer);
    this.#unsubscribe = undefined;
    this.#timer = undefined;
  }
}

function event(name: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`event: ${name}\ndata:\n\n`);
}

export interface PageOptions extends ExplanationOptions {
  readonly events: PageEvents;
  /** OFREP, whose answers are not counted as evaluations. */
  readonly ofrep: HttpHandler;
  /** What `/status` answers, as JSON. */
  readonly status: () => Promise<string>;
  /**
   * Serve only requests whose `Host` is this machine: a web page elsewhere can give its own name this machine's
   * address (DNS rebinding), and then read what a browser here may read.
   */
  readonly loopbackOnly: boolean;
  /** Undefined: everybody may look. */
  readonly guard?: Guard | undefined;
}

/** Of what is tried and explained. */
export const maxBodyBytes = 1 << 20;

/** Answered as OFREP answers the flag `?key=…`, or all. Proxies may rewrite a path, a query they leave alone. */
const tryPath = "/page/try";

/** Where OFREP answers what {@link tryPath} is asked. */
function triedPath(query: string): string {
  const key = new URLSearchParams(query).get("key") ?? "";
  if (key === "") return flagsPath;
  // Not to be taken for a segment that leads elsewhere.
  return `${flagsPath}/${encodeURIComponent(key).replaceAll(".", "%2E")}`;
}

/** The page itself shows nothing: what it asks for needs a token. */
function needsToken(path: string): boolean {
  return path.startsWith("/page/") && path !== "/page/page.css" && path !== "/page/page.js";
}

/**
 * Everything on the page is text to it; should that ever fail, nothing foreign runs, and nothing is sent
 * elsewhere.
 */
const guards = [
  [
    "Content-Security-Policy",
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  ],
  ["X-Content-Type-Options", "nosniff"],
  ["Referrer-Policy", "no-referrer"],
  ["Cache-Control", "no-store"],
] as const;

/** Answers `/` and what is below `/page`; undefined: some other path. */
export function createPageHandler(options: PageOptions): HttpHandler {
  const { layers, events, ofrep, status, loopbackOnly, guard } = options;
  const readBody = createBodyReader({ maxBytes: maxBodyBytes, timeoutMs: 5_000 });
  return (request) => {
    const { method, target, headers, body, secure } = request;
    const path = pathOf(target);
    if (path !== "/" && !path.startsWith("/page/")) return undefined;
    if (loopbackOnly && !isLoopback(hostName(headers.host))) return foreignHost;
    const refused =
      guard && needsToken(path)
        ? guard.refusal(path, headers, () => request.remoteAddress)
        : undefined;
    if (refused) return refusal(refused);
    if (path === tryPath) {
      // Without an origin no other one is allowed: the page asks its own.
      const { origin: _, ...own } = headers;
      const asked = triedPath(target.slice(path.length));
      return ofrep({ method, target: asked, headers: own, body, secure });
    }
    if (path === "/page/explain" && method === "POST") {
      return readBody(request, (read) => explained(read, (name) => headers[name], options));
    }
    if (method !== "GET" && method !== "HEAD") {
      return { status: 405, headers: [...guards, ["Allow", "GET, HEAD"]], body: "" };
    }
    switch (path) {
      case "/":
        return pageAssets().then(({ html }) => reply("text/html", html));
      case "/page/page.css":
        return pageAssets().then(({ css }) => reply("text/css", css));
      case "/page/page.js":
        return pageAssets().then(({ script }) => reply("text/javascript", script));
      case "/page/flags": {
        const query = new URLSearchParams(target.slice(path.length));
        const filter = {
          search: query.get("search") ?? "",
          source: query.get("source") ?? "",
          onlyShadowed: query.get("shadowed") === "true",
        };
        return reply("application/json", JSON.stringify(listFlags(layers(), filter)));
      }
      case "/page/status":
        return status().then((text) => reply("application/json", text));
      case "/page/events": {
        const stream = events.open((end) => guard?.hold(headers, end));
        if (stream) return reply("text/event-stream", stream);
        return { status: 503, headers: [...guards, ["Retry-After", "5"]], body: "" };
      }
      default:
        return undefined;
    }
  };
}

/** `{"key": "…", "context": {…}}` */
function explained(body: Body, header: HeaderLookup, options: PageOptions): HttpReply {
  const context = "text" in body ? parseContext(body.text) : undefined;
  if (context === undefined || !("text" in body)) return badRequest;
  // What has a context is an object.
  const { key } = JSON.parse(body.text || "{}") as { readonly key?: unknown };
  const told = typeof key === "string" ? explainFlag(key, context, header, options) : undefined;
  return told === undefined
    ? { status: 404, headers: guards, body: "" }
    : reply("application/json", told);
}

function refusal({ code, rawMessage, metadata }: RpcError): HttpReply {
  const headers = [["Content-Type", "text/plain; charset=utf-8"], ...guards, ...metadata] as const;
  return { status: codeForm(code).httpStatus, headers, body: `${rawMessage}\n` };
}

const badRequest: HttpReply = { status: 400, headers: guards, body: "" };

const foreignHost: HttpReply = {
  status: 403,
  headers: [["Content-Type", "text/plain; charset=utf-8"], ...guards],
  body: "this page is served to this machine only: use http://localhost, or start with --page\n",
};

/** Of a `Host` field, without the port. */
function hostName(host = ""): string {
  return host.replace(/:\d*$/, "");
}

function reply(type: string, body: HttpReply["body"]): HttpReply {
  return { status: 200, headers: [["Content-Type", `${type};charset=utf-8`], ...guards], body };
}
