/** Clients of the daemons behind a proxy, by each protocol: single calls, streams, and many calls at once. */
import { readFileSync } from "node:fs";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type Client, Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import * as grpc from "@grpc/grpc-js";
import {
  type ResolveStringRequest,
  Service,
} from "../../../src/gen/flagd/evaluation/v1/evaluation_pb.ts";
import { FlagSyncService } from "../../../src/gen/flagd/sync/v1/sync_pb.ts";
import { until } from "../../support/until.ts";

export interface Address {
  readonly url: string;
  /** Path of the CA's certificate. */
  readonly ca: string;
}

type Protocol = "gRPC" | "gRPC-web" | "Connect";

function transport({ url, ca }: Address, protocol: Protocol): Transport {
  const nodeOptions = { ca: readFileSync(ca) };
  // What browsers and Go's provider speak.
  const old = { baseUrl: url, httpVersion: "1.1" as const, nodeOptions };
  if (protocol === "gRPC-web") return createGrpcWebTransport(old);
  if (protocol === "Connect") return createConnectTransport(old);
  return createGrpcTransport({ baseUrl: url, nodeOptions });
}

const lightOf = async (client: Client<typeof Service>) =>
  (await client.resolveString({ flagKey: "light" })).value;

/**
 * By a library for gRPC, which moves to another connection when one ends. node:http2 alone, at times, begins a call
 * on a connection that nginx ends after a thousand calls.
 */
function grpcCaller({ url, ca }: Address): () => Promise<unknown> {
  const client = new grpc.Client(new URL(url).host, grpc.credentials.createSsl(readFileSync(ca)));
  const { input, output } = Service.method.resolveString;
  return () =>
    new Promise((resolve, reject) =>
      client.makeUnaryRequest(
        `/${Service.typeName}/ResolveString`,
        (message: ResolveStringRequest) => Buffer.from(toBinary(input, message)),
        (bytes: Buffer) => fromBinary(output, bytes),
        create(input, { flagKey: "light" }),
        { deadline: Date.now() + 15_000 },
        (error, answer) => (error ? reject(error) : resolve(answer?.value)),
      ),
    );
}

async function ofrep({ url, ca }: Address): Promise<unknown> {
  const response = await fetch(`${url}/ofrep/v1/evaluate/flags/light`, {
    method: "POST",
    body: '{"context":{"targetingKey":"user-1"}}',
    tls: { ca: readFileSync(ca) },
  });
  const text = await response.text();
  if (!response.ok) throw new HttpError(response.status, text);
  return JSON.parse(text).value;
}

class HttpError extends Error {
  constructor(
    readonly status: number,
    text: string,
  ) {
    super(`HTTP ${status}: ${text.slice(0, 100)}`);
  }
}

/** One evaluation of the flag `light` by each protocol. */
export function callers(address: Address) {
  const protocols = ["gRPC-web", "Connect"] as const;
  return [
    { name: "gRPC", ask: grpcCaller(address) },
    ...protocols.map((name) => {
      const client = createClient(Service, transport(address, name));
      return { name, ask: (): Promise<unknown> => lightOf(client) };
    }),
    { name: "OFREP", ask: () => ofrep(address) },
  ];
}

/** A stream that is read in the background. */
class Stream implements Disposable {
  readonly #abort = new AbortController();
  #pieces = 0;
  #end: unknown;

  constructor(
    readonly name: string,
    /** True for what a stream begins with and what tells of a change. */
    matters: (piece: unknown) => boolean,
    open: (signal: AbortSignal) => AsyncIterable<unknown>,
  ) {
    void this.#read(open(this.#abort.signal), matters);
  }

  async #read(pieces: AsyncIterable<unknown>, matters: (piece: unknown) => boolean): Promise<void> {
    try {
      for await (const piece of pieces) if (matters(piece)) this.#pieces++;
      this.#end = "it ended";
    } catch (error) {
      this.#end = error;
    }
  }

  async opened(): Promise<void> {
    await until(`${this.name} opening`, () => this.#pieces > 0 || this.expectAlive());
  }

  expectAlive(): undefined {
    if (this.#end !== undefined) throw new Error(`${this.name}: ${this.#end}`);
  }

  /** A second piece. */
  async changed(): Promise<void> {
    await until(`${this.name} hearing of a change`, () => this.#pieces > 1 || this.expectAlive());
  }

  [Symbol.dispose](): void {
    this.#abort.abort();
  }
}

/** The event stream: `provider_ready`, then `configuration_change`. */
export class Events extends Stream {
  constructor(address: Address, protocol: Protocol) {
    const client = createClient(Service, transport(address, protocol));
    super(
      `event stream by ${protocol}`,
      (event) => (event as { type: string }).type !== "keep_alive",
      (signal) => client.eventStream({}, { signal }),
    );
  }
}

/** The sync stream: the flags, then the changed flags. */
export function synced(address: Address): Stream {
  const client = createClient(FlagSyncService, transport(address, "gRPC"));
  return new Stream(
    "sync stream",
    () => true,
    (signal) => client.syncFlags({}, { signal }),
  );
}

/** Server-sent events: the head of the answer, then an event. */
export function sseEvents({ url, ca }: Address): Stream {
  return new Stream(
    "server-sent events",
    (line) => line === "open" || `${line}`.startsWith("data:"),
    async function* (signal) {
      const tls = { ca: readFileSync(ca) };
      const response = await fetch(`${url}/ofrep/v1/events`, { signal, tls });
      if (response.status !== 200 || !response.body) throw new HttpError(response.status, "");
      yield "open";
      const decoder = new TextDecoder();
      for await (const chunk of response.body) {
        yield* decoder.decode(chunk, { stream: true }).split("\n");
      }
    },
  );
}

export interface Failure {
  readonly name: string;
  readonly error: unknown;
}

/** Evaluations by every protocol, one after the other in each, until disposed of. */
export class Load implements AsyncDisposable {
  readonly #failures: Failure[] = [];
  readonly #answers = new Map<string, number>();
  readonly #loops: Promise<void>[];
  #stopped = false;

  constructor(address: Address) {
    this.#loops = callers(address).flatMap(({ name, ask }) => [
      this.#loop(name, ask),
      this.#loop(name, ask),
    ]);
  }

  async #loop(name: string, ask: () => Promise<unknown>): Promise<void> {
    while (!this.#stopped) {
      try {
        const value = await ask();
        if (value !== "red" && value !== "green") throw new Error(`the flag is ${value}`);
        this.#answers.set(name, (this.#answers.get(name) ?? 0) + 1);
      } catch (error) {
        this.#failures.push({ name, error });
        await Bun.sleep(100);
      }
      await Bun.sleep(5);
    }
  }

  /** Resolves when each protocol has had 50 more answers. */
  async flows(): Promise<void> {
    const before = new Map(this.#answers);
    await until("answers by every protocol", () => this.#moreThan(before, 50), 60);
  }

  #moreThan(before: ReadonlyMap<string, number>, count: number): boolean {
    const names = ["gRPC", "gRPC-web", "Connect", "OFREP"];
    return names.every((name) => (this.#answers.get(name) ?? 0) >= (before.get(name) ?? 0) + count);
  }

  /** Resolves when calls by each protocol have failed. */
  async fails(): Promise<void> {
    await until(
      "calls failing",
      () => new Set(this.#failures.map(({ name }) => name)).size === 4,
      60,
    );
  }

  /** Each protocol has answers again, and has had no failure meanwhile. */
  async works(): Promise<boolean> {
    const failures = this.#failures.length;
    await this.flows();
    return this.#failures.length === failures;
  }

  /** The proxy says that it has no daemon to ask. */
  isRefusal(failure: string): boolean {
    return /HTTP 50[234]|\[unavailable\]|UNAVAILABLE|DEADLINE_EXCEEDED/.test(failure);
  }

  /** Ends the load. @returns the calls that failed so far */
  async failures(): Promise<string[]> {
    this.#stopped = true;
    await Promise.all(this.#loops);
    return this.#failures.map(({ name, error }) => `${name}: ${textOf(error)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#loops);
  }
}

function textOf(error: unknown): string {
  if (error instanceof ConnectError)
    return `[${Code[error.code].toLowerCase()}] ${error.rawMessage}`;
  return error instanceof Error ? error.message : String(error);
}
