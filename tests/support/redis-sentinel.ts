import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./ports.ts";
import { runningAs } from "./process-group.ts";
import { until } from "./until.ts";

interface SentinelOptions {
  /** A server that can be a Sentinel. */
  readonly executable?: string | undefined;
  /** Number of the group that it runs as. */
  readonly group?: number | undefined;
}

/** A Sentinel over the master `mymaster`, which takes a server for down after 500 ms. `await using` ends it. */
export class RedisSentinel implements AsyncDisposable {
  #child: Bun.Subprocess | undefined;

  private constructor(
    readonly port: number,
    private readonly folder: string,
  ) {}

  /**
   * @param quorum how many Sentinels have to agree that a master is down
   */
  static async start(
    masterPort: number,
    quorum: number,
    config: readonly string[] = [],
    { executable = "redis-server", group }: SentinelOptions = {},
  ): Promise<RedisSentinel> {
    const folder = await mkdtemp(join(tmpdir(), "flagd-sentinel-"));
    const sentinel = new RedisSentinel(await freePort(), folder);
    const file = join(folder, "sentinel.conf");
    await writeFile(
      file,
      [
        "bind 127.0.0.1",
        `port ${sentinel.port}`,
        `sentinel monitor mymaster 127.0.0.1 ${masterPort} ${quorum}`,
        "sentinel down-after-milliseconds mymaster 500",
        "sentinel failover-timeout mymaster 3000",
        ...config,
      ].join("\n"),
    );
    sentinel.#child = Bun.spawn([...runningAs(group), executable, file, "--sentinel"], {
      cwd: folder,
      stdio: ["ignore", "ignore", "inherit"],
    });
    await until("the Sentinel", async () => (await sentinel.command("PING")).includes("PONG"));
    return sentinel;
  }

  async command(...args: readonly string[]): Promise<string> {
    return await new Response(
      Bun.spawn(["redis-cli", "-p", `${this.port}`, ...args], { stdout: "pipe", stderr: "ignore" })
        .stdout,
    ).text();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#child?.exited;
    await rm(this.folder, { recursive: true, force: true });
  }
}
