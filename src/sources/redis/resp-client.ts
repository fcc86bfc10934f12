import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { lookupWith } from "../localhost.ts";
import type { RedisAddress, RedisTls } from "./redis-address.ts";
import { RespError, RespParser, RespPush, type RespValue } from "./resp-parser.ts";

export interface RespClientOptions {
  readonly address: RedisAddress;
  readonly tls: RedisTls | undefined;
  /** For connecting and for each answer. */
  readonly timeoutMs: number;
  /** Addresses of `localhost`. Default: all that it may have. */
  readonly local?: readonly string[] | undefined;
  /** What comes without being asked for. */
  readonly onPush: (push: readonly RespValue[]) => void;
  /** The connection is over, for whatever reason. */
  readonly onClose: () => void;
}

/**
 * A small client for what Bun's cannot do: BUN 1.4.5: its client gives a push of RESP3, such as `invalidate`, to
 * nobody, and does not say which one of the server's connections it is.
 */
export class RespClient {
  closed = false;
  /** The answer to HELLO. */
  hello: ReadonlyMap<RespValue, RespValue> = new Map();
  readonly #socket: Socket;
  readonly #parser = new RespParser();
  readonly #waiting: {
    readonly resolve: (value: RespValue) => void;
    readonly reject: (error: Error) => void;
  }[] = [];
  readonly #options: RespClientOptions;

  /** Connects and authenticates. @throws Error, RespError */
  static async open(options: RespClientOptions): Promise<RespClient> {
    const client = new RespClient(options);
    const { username, password } = options.address;
    const login = password === undefined ? [] : ["AUTH", username ?? "default", password];
    try {
      const hello = await client.send("HELLO", "3", ...login);
      if (!(hello instanceof Map)) throw new Error("the server does not support HELLO 3");
      client.hello = hello;
      return client;
    } catch (error) {
      client.close();
      // A server repeats in some answers what it was sent.
      if (!(error instanceof RespError) || password === undefined) throw error;
      throw new RespError(error.message.replaceAll(password, "***"));
    }
  }

  private constructor(options: RespClientOptions) {
    this.#options = options;
    const { endpoint } = options.address;
    const { tls } = options;
    const lookup = lookupWith(options.local);
    const name = "host" in endpoint ? endpoint.host : "";
    this.#socket = tls
      ? connectTls({
          ...endpoint,
          ...tls,
          lookup,
          ca: [tls.ca].flat(),
          ...(tls.serverName ? { servername: tls.serverName } : { servername: serverNameOf(name) }),
        })
      : connectTcp({ ...endpoint, lookup });
    this.#socket.setNoDelay(true);
    this.#socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    this.#socket.on("error", (error) => this.#end(error));
    this.#socket.on("close", () => this.#end(new Error("connection closed")));
  }

  /** The client's end of the connection, as `CLIENT INFO` calls it. */
  get localAddress(): string {
    const { localAddress = "", localPort } = this.#socket;
    return localAddress.includes(":")
      ? `[${localAddress}]:${localPort}`
      : `${localAddress}:${localPort}`;
  }

  /** @throws RespError for an answer that is an error, Error if the connection is lost or silent */
  async send(...words: readonly string[]): Promise<RespValue> {
    if (this.closed) throw new Error("connection closed");
    const { timeoutMs } = this.#options;
    const late = setTimeout(
      () => this.#end(new Error(`no response within ${timeoutMs} ms`)),
      timeoutMs,
    );
    try {
      const answer = await new Promise<RespValue>((resolve, reject) => {
        this.#waiting.push({ resolve, reject });
        const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
        this.#socket.write(`*${words.length}\r\n${parts.join("")}`);
      });
      if (answer instanceof RespError) throw answer;
      return answer;
    } finally {
      clearTimeout(late);
    }
  }

  /** May be called again. */
  close(): void {
    this.#end(new Error("connection closed"));
  }

  #receive(chunk: Uint8Array): void {
    try {
      for (const value of this.#parser.read(chunk)) {
        const push = value instanceof RespPush ? value.values : undefined;
        // RESP3 answers SUBSCRIBE with a push.
        if (push && push[0] !== "subscribe") this.#options.onPush(push);
        else this.#waiting.shift()?.resolve(push ?? (value as RespValue));
      }
    } catch (error) {
      this.#end(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #end(reason: Error): void {
    if (this.closed) return;
    this.closed = true;
    this.#socket.destroy();
    for (const { reject } of this.#waiting.splice(0)) reject(reason);
    this.#options.onClose();
  }
}

/** A name for SNI; an address is none. */
function serverNameOf(host: string): string {
  return /^[\d.]+$|:/.test(host) ? "" : host;
}
