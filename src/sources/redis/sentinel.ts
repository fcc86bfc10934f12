import type { Clock } from "../../core/clock.ts";
import { messageOf } from "../../core/errors.ts";
import { Backoff } from "../retry-loop.ts";
import type { Login, RedisAddress, RedisTls } from "./redis-address.ts";
import { RedisError } from "./redis-errors.ts";
import { RespClient } from "./resp-client.ts";
import { RespError, type RespValue } from "./resp-parser.ts";

/** What a Sentinel knows of a master and those around it. */
export interface MasterReport {
  readonly master: RedisAddress;
  /** Those that it can reach. */
  readonly replicas: readonly RedisAddress[];
  readonly sentinels: readonly RedisAddress[];
  /** Counts the failovers: of two reports, the one with the higher number is the later one. */
  readonly epoch: number;
}

export interface SentinelOptions {
  readonly clock: Clock;
  /** Read anew at each connect, as the TLS material is. */
  readonly address: () => Promise<RedisAddress>;
  readonly tls: () => Promise<RedisTls | undefined>;
  /** What the Sentinels call the master. */
  readonly master: string;
  /** How one asks the servers. */
  readonly servers: Login;
  readonly timeoutMs: number;
  /** Called with what the Sentinel says, at each connect and after each failover. */
  readonly onReport: (report: MasterReport) => void;
  /** Called with the replica that is going to be the master. */
  readonly onCandidate: (replica: RedisAddress) => void;
}

const waits = { firstMs: 500, maxMs: 10_000 };
/** Without news, it is asked this often: a connection that died unnoticed brings none. */
const askMs = 10_000;

/** One Sentinel, asked and listened to until it is closed. */
export class Sentinel {
  readonly #options: SentinelOptions;
  readonly #backoff: Backoff;
  #waiting: PromiseWithResolvers<MasterReport>[] = [];
  #wakeUp = new AbortController();
  #client: RespClient | undefined;
  #closed = false;

  constructor(options: SentinelOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.clock, waits);
    void this.#run();
  }

  /** @throws RedisError if it is known what is wrong with the settings, Error if it cannot be asked */
  ask(): Promise<MasterReport> {
    const waiting = Promise.withResolvers<MasterReport>();
    this.#waiting.push(waiting);
    this.#wakeUp.abort();
    return waiting.promise;
  }

  close(): void {
    this.#closed = true;
    this.#client?.close();
    this.#wakeUp.abort();
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    while (!this.#closed) {
      const reason = await this.#listen().catch((error: unknown) => error);
      for (const { reject } of this.#waiting.splice(0)) reject(reason);
      if (this.#closed) return;
      this.#wakeUp = new AbortController();
      await clock.sleep(this.#backoff.next(), this.#wakeUp.signal);
    }
  }

  /** The life of one connection. */
  async #listen(): Promise<Error> {
    const { clock, timeoutMs, tls, onReport } = this.#options;
    const address = await this.#options.address();
    const client = await RespClient.open({
      address,
      tls: await tls(),
      timeoutMs,
      onPush: (push) => this.#receive(push),
      onClose: () => this.#wakeUp.abort(),
    }).catch((error: unknown) => {
      throw inWords(error);
    });
    this.#client = client;
    try {
      await client.send("SUBSCRIBE", "+switch-master");
      await client.send("SUBSCRIBE", "+selected-slave");
      this.#backoff.reset();
      while (!this.#closed && !client.closed) {
        this.#wakeUp = new AbortController();
        const waiting = this.#waiting.length;
        const report = await this.#report(client, address);
        for (const { resolve } of this.#waiting.splice(0, waiting)) resolve(report);
        onReport(report);
        if (this.#waiting.length === 0) await clock.sleep(askMs, this.#wakeUp.signal);
      }
      return new Error("connection closed");
    } catch (error) {
      throw inWords(error);
    } finally {
      client.close();
    }
  }

  /** `["message", "+selected-slave", "slave NAME IP PORT @ MASTER IP PORT"]`, of any master. */
  #receive([, channel, text]: readonly RespValue[]): void {
    if (channel !== "+selected-slave") {
      this.#wakeUp.abort();
      return;
    }
    const [, , host = "", port, , master] = String(text).split(" ");
    if (master !== this.#options.master || !(Number(port) > 0)) return;
    this.#options.onCandidate({ ...this.#options.servers, endpoint: { host, port: Number(port) } });
  }

  async #report(client: RespClient, address: RedisAddress): Promise<MasterReport> {
    const { master: name, servers } = this.#options;
    const [known, present, replicas, sentinels] = await Promise.all([
      client.send("SENTINEL", "MASTER", name).catch((error: unknown) => {
        throw /No such master/i.test(messageOf(error)) ? unknownMaster(name) : error;
      }),
      // A Sentinel that leads a failover counts it before it names the new master in the answer above.
      client.send("SENTINEL", "GET-MASTER-ADDR-BY-NAME", name).catch(() => null),
      client.send("SENTINEL", "REPLICAS", name).catch(() => []),
      client.send("SENTINEL", "SENTINELS", name).catch(() => []),
    ]);
    const [host, port] = Array.isArray(present) ? present.map(String) : [];
    const [master] = host
      ? [{ ...servers, endpoint: { host, port: Number(port) } }]
      : addressesIn([known], servers);
    if (!master) throw new Error("the Sentinel's answer names no master");
    const reachable = Array.isArray(replicas)
      ? replicas.filter((replica) => !/down|disconnected/.test(text(replica, "flags")))
      : [];
    return {
      master,
      replicas: addressesIn(reachable, servers),
      sentinels: addressesIn(sentinels, address),
      epoch: Number(text(known, "config-epoch")) || 0,
    };
  }
}

function addressesIn(entries: RespValue, login: Login): RedisAddress[] {
  if (!Array.isArray(entries)) return [];
  return entries.flatMap((entry: RespValue) => {
    const [host, port] = [text(entry, "ip"), Number(text(entry, "port"))];
    return host !== "" && port > 0 ? [{ ...login, endpoint: { host, port } }] : [];
  });
}

function text(entry: RespValue, name: string): string {
  return entry instanceof Map ? String(entry.get(name) ?? "") : "";
}

function unknownMaster(name: string): RedisError {
  return new RedisError(
    `the Sentinels know no master ${JSON.stringify(name)}: correct the name after the hosts in the URI`,
    "permanent",
  );
}

function inWords(error: unknown): Error {
  if (error instanceof RespError && /^(NOAUTH|WRONGPASS)/.test(error.message)) {
    return new RedisError(
      error.message.startsWith("NOAUTH")
        ? "the Sentinels require a password: set sentinelPassword in --sources"
        : "the Sentinels reject the password: correct sentinelUsername and sentinelPassword",
      "permanent",
    );
  }
  return error instanceof Error ? error : new Error(String(error));
}
