import { messageOf } from "../../core/errors.ts";
import type { HintLog } from "./change-hint.ts";
import type { RedisConnection } from "./connection.ts";
import { type ClientInfo, clientInfo } from "./key-watch.ts";
import { isRefusal } from "./redis-errors.ts";
import type { RespClient, RespClientOptions } from "./resp-client.ts";

/** The connection to which the server pushes. */
type PushClient = Pick<RespClient, "send" | "close" | "closed" | "localAddress">;

export interface KeyTrackingOptions {
  /** The connection that reads the keys. */
  readonly connection: RedisConnection;
  readonly keys: readonly string[];
  /**
   * Opens a second connection to the same address. `local`: the one of `localhost` that the reading connection has
   * found, as another server may listen at the other one.
   */
  readonly open: (
    on: Pick<RespClientOptions, "onPush" | "onClose" | "local">,
  ) => Promise<PushClient>;
  /** Called when there is something to do before the next check: a change, or the loss of the pushes. */
  readonly onNews: () => void;
  readonly log: HintLog;
}

/**
 * CLIENT TRACKING: the server remembers which keys the reading connection has read, and pushes the name of one
 * that is written to, once, to a second connection. That costs nothing while nothing happens.
 *
 * It is trusted if the server is the same at the end of both connections, if it still says of the first one
 * that it is tracked, and if nothing stands between: or else once it has pushed a change. When it has missed
 * one, it has to earn that again. SWAPDB is never pushed.
 */
export class KeyTracking {
  /** A change was pushed, or nothing has been read since the tracking began. */
  pushed = false;
  /** lost: begun again at the next read · begun: the next read is the first that is tracked. */
  #state: "lost" | "opening" | "begun" | "tracked" | "refused" = "lost";
  #client: PushClient | undefined;
  /** What the server calls the second connection. */
  #id: string | undefined;
  #proven = false;
  #closed = false;
  /** Why it was lost, until the server is seen to live: otherwise it is no news of the hint. */
  #loss: string | undefined;
  readonly #options: KeyTrackingOptions;

  constructor(options: KeyTrackingOptions) {
    this.#options = options;
  }

  /** Whether changes are known without asking for them. */
  get trusted(): boolean {
    return this.#state === "tracked" && this.#proven;
  }

  /** Whether the next read is the first that is tracked. */
  get begun(): boolean {
    return this.#state === "begun";
  }

  /**
   * A read goes out with what asks for `info`, which the server says of the reading connection.
   * @param direct whether nothing stands between us and the server
   */
  async arm(info: Promise<ClientInfo | undefined>, direct: () => boolean): Promise<void> {
    this.pushed = false;
    const state = this.#state;
    const known = await info;
    if (known === undefined || this.#closed) return;
    this.#tellLoss();
    if (state === "lost" && this.#state === "lost") void this.#begin(known, direct());
    if ((state !== "begun" && state !== "tracked") || this.#state !== state) return;
    if (known.redir !== this.#id || !known.flags?.includes("t")) {
      return this.#lose("the server tracks the connection no longer");
    }
    this.#state = "tracked";
    if (this.#proven) this.#options.log.pushes();
  }

  /** The reading connection has answered: whether the key was written to. */
  async compare(touched: boolean): Promise<void> {
    this.#tellLoss();
    if (!touched || !this.trusted) return;
    // What was pushed before its answer has arrived before it.
    await this.answer();
    if (this.pushed || !this.trusted) return;
    this.#proven = false;
    this.#options.log.pushesLost("a change was not pushed");
  }

  /** Waits for a sign of life on the second connection. Never rejects. */
  async answer(): Promise<void> {
    await this.#client?.send("CLIENT", "INFO").catch(() => {});
  }

  close(): void {
    this.#closed = true;
    this.#client?.close();
  }

  async #begin(reader: ClientInfo, direct: boolean): Promise<void> {
    const { open, connection, log, onNews } = this.#options;
    // Servers before 6.2 do not say it, and would track for whoever has the id on another server.
    if (reader.laddr === undefined) return;
    this.#state = "opening";
    try {
      const client = await open({
        onPush: (push) => this.#receive(push),
        local: loopbackOf(reader.laddr),
        onClose: () => this.#lose("connection closed"),
      });
      if (this.#closed) return client.close();
      this.#client = client;
      const own = clientInfo(await client.send("CLIENT", "INFO"));
      if (own.id === undefined || own.laddr !== reader.laddr) {
        throw new Error("another server answers at the same address");
      }
      await connection.send("CLIENT", ["TRACKING", "ON", "REDIRECT", own.id]);
      if (this.#closed || client.closed) return;
      this.#id = own.id;
      this.#proven = direct || own.addr === client.localAddress;
      this.#state = "begun";
      this.pushed = true;
      onNews();
    } catch (error) {
      if (this.#closed || connection.closed) return;
      if (isRefusal(error)) {
        this.#state = "refused";
        this.#client?.close();
        log.pushesRefused();
      } else {
        this.#lose(messageOf(error).slice(0, 200));
        this.#tellLoss();
      }
    }
  }

  /** `["invalidate", [key, …]]`, or null for all keys. */
  #receive([kind, keys]: readonly unknown[]): void {
    if (kind !== "invalidate") return;
    const all = keys === null || keys === undefined;
    if (!all && !(Array.isArray(keys) && this.#options.keys.some((key) => keys.includes(key)))) {
      return;
    }
    if (this.#state === "tracked" && !this.#proven) {
      this.#proven = true;
      this.#options.log.pushes();
    }
    this.pushed = true;
    this.#options.onNews();
  }

  #lose(reason: string): void {
    if (this.#closed || this.#state === "lost" || this.#state === "refused") return;
    const { connection, onNews } = this.#options;
    this.#state = "lost";
    this.#loss = reason;
    this.#client?.close();
    this.#client = undefined;
    // Or else the server pushes to the reading connection that there is nowhere to push to.
    if (!connection.closed) void connection.send("CLIENT", ["TRACKING", "OFF"]).catch(() => {});
    onNews();
  }

  #tellLoss(): void {
    if (this.#loss === undefined || this.#options.connection.closed) return;
    this.#options.log.pushesLost(this.#loss);
    this.#loss = undefined;
  }
}

/** `[::1]:6379` → `::1`; undefined: it is reached by way of others. */
function loopbackOf(laddr: string): readonly string[] | undefined {
  const host = /^\[?(127\.[\d.]+|::1)\]?:\d+$/.exec(laddr)?.[1];
  return host === undefined ? undefined : [host];
}
