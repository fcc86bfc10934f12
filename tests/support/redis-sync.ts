import { resolve } from "node:path";
import { freePorts } from "./ports.ts";
import { runningAs } from "./process-group.ts";
import type { RedisServer } from "./redis.ts";
import { until } from "./until.ts";

const binary = resolve(import.meta.dir, "../../dist/flagd");

/** The built `flagd redis-sync` over the key `flags`. `await using` ends it. */
export class RedisSync implements AsyncDisposable {
  /** Everything written to stderr so far, by all its lives. */
  log = "";
  #child: Bun.Subprocess<"ignore", "ignore", "pipe"> | undefined;
  #drained: Promise<void> = Promise.resolve();

  private constructor(
    readonly port: number,
    private readonly managementPort: number,
    private readonly uri: string,
    private readonly args: readonly string[],
    private readonly env: Readonly<Record<string, string>>,
    private readonly group: number | undefined,
  ) {}

  /**
   * Extra `args` follow the ports and the URI.
   * @param redis a server that has the key `flags`, or a whole URI
   * @param group number of the group that it runs as
   */
  static async start(
    redis: RedisServer | string,
    args: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
    group?: number,
  ): Promise<RedisSync> {
    const [port = 0, managementPort = 0] = await freePorts(2);
    const uri = typeof redis === "string" ? redis : `redis://127.0.0.1:${redis.port}/0?key=flags`;
    const sync = new RedisSync(port, managementPort, uri, args, env, group);
    try {
      await sync.start();
      return sync;
    } catch (error) {
      await sync[Symbol.asyncDispose]();
      throw new Error(`${error}\n${sync.log}`);
    }
  }

  get management(): string {
    return `http://127.0.0.1:${this.managementPort}`;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Starts it once more on the same port; resolves when it is ready. */
  async start(): Promise<void> {
    const child = Bun.spawn(
      [
        ...(this.group === undefined ? [] : runningAs(this.group)),
        ...[binary, "redis-sync", "--redis-uri", this.uri],
        ...["--redis-sync-port", `${this.port}`, "--management-port", `${this.managementPort}`],
        ...this.args,
      ],
      {
        env: { ...process.env, ...this.env },
        stdin: "ignore",
        stdout: "ignore",
        stderr: "pipe",
      },
    );
    this.#child = child;
    this.#drained = (async () => {
      const decoder = new TextDecoder();
      for await (const chunk of child.stderr) this.log += decoder.decode(chunk, { stream: true });
    })();
    await until("redis-sync being ready", async () => {
      if (child.exitCode !== null) return true;
      return (await fetch(`${this.management}/readyz`)).ok;
    });
    if (child.exitCode !== null) throw new Error(`redis-sync ended with ${child.exitCode}`);
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  /** Ends it at once, as a power failure would. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.#child?.exited;
    await this.#drained;
  }

  /** @returns its exit status */
  async stop(): Promise<number | undefined> {
    this.signal("SIGTERM");
    const code = await this.#child?.exited;
    await this.#drained;
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
