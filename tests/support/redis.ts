import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KeyPair } from "./certificates.ts";
import { MovedClock } from "./moved-clock.ts";
import { freePorts } from "./ports.ts";
import { runningAs } from "./process-group.ts";
import { until } from "./until.ts";

export interface RedisServerOptions {
  /** Of the user `default`. */
  readonly password?: string;
  /** Name and rules of each, as for `ACL SETUSER`: `["reader", "on", ">secret", "~flags", "+@read"]`. */
  readonly users?: readonly (readonly string[])[];
  /** TLS instead of plain text on the port; with `clientCa`, clients must show a certificate. */
  readonly tls?: { readonly server: KeyPair; readonly clientCa?: KeyPair };
  /** Path of a module to load. */
  readonly module?: string;
  readonly databases?: number;
  /** Instead of the `redis-server` on the PATH. */
  readonly executable?: string;
  /** Further lines of redis.conf. */
  readonly config?: readonly (readonly string[])[];
  /** Its time of day can be moved. */
  readonly clock?: boolean;
  /** Number of the group that it runs as. */
  readonly group?: number;
}

/**
 * A private redis-server on a free port of the loopback interface and on a socket. It saves nothing:
 * started again, it is empty. `await using` ends it and removes its files.
 */
export class RedisServer implements AsyncDisposable {
  readonly socketPath: string;
  #child: Bun.Subprocess | undefined;
  #clock: MovedClock | undefined;

  private constructor(
    readonly port: number,
    /** For the talk among the nodes of a cluster. */
    readonly busPort: number,
    private readonly folder: string,
  ) {
    this.socketPath = join(folder, "redis.sock");
  }

  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const folder = await mkdtemp(join(tmpdir(), "flagd-redis-"));
    const [port = 0, busPort = 0] = await freePorts(2);
    const server = new RedisServer(port, busPort, folder);
    try {
      await server.start(options);
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Starts it once more after `kill()`, on the same port; resolves when it answers. */
  async start(options: RedisServerOptions = {}): Promise<void> {
    const file = join(this.folder, "redis.conf");
    const log = join(this.folder, "log");
    await writeFile(file, this.#configuration(options));
    this.#clock = options.clock ? new MovedClock(this.folder) : undefined;
    const command = [...runningAs(options.group), options.executable ?? "redis-server", file];
    const child = Bun.spawn(command, {
      cwd: this.folder,
      env: { ...process.env, ...this.#clock?.env },
      stdio: ["ignore", Bun.file(log), "inherit"],
    });
    this.#child = child;
    const answer = await until(`redis-server on port ${this.port}`, () =>
      child.exitCode === null ? this.command("TIME") : "ended",
    );
    if (answer === "ended") throw new Error(`redis-server ended:\n${await Bun.file(log).text()}`);
  }

  /** Ends it at once, as a power failure would. */
  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#child?.exited;
  }

  /** It keeps its connections and answers nothing, until `resume()`. */
  pause(): void {
    this.#child?.kill("SIGSTOP");
  }

  resume(): void {
    this.#child?.kill("SIGCONT");
  }

  /** Moves its time of day, if it was started so that this can be done. @param seconds from the true time */
  moveClock(seconds: number): void {
    this.#clock?.move(seconds);
  }

  /** Runs a command as a user who may do anything. @throws the server's error */
  command(...args: readonly string[]): Promise<string> {
    return this.#cli(args);
  }

  /** The same after ASKING, over one connection, as a client does that a cluster's node told to ask here. */
  async asking(...args: readonly string[]): Promise<void> {
    const words = args.map((word) => JSON.stringify(word)).join(" ");
    await this.#cli([], `ASKING\n${words}\n`);
  }

  /** SET, for documents of any size. */
  async set(key: string, value: string, database = 0): Promise<void> {
    await this.#cli(["-n", `${database}`, "-x", "SET", key], value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #cli(args: readonly string[], input = ""): Promise<string> {
    const admin = ["-s", this.socketPath, "--user", "admin", "--pass", "admin"];
    const options = ["--no-auth-warning", "-e", "--raw"];
    const child = Bun.spawn(["redis-cli", ...admin, ...options, ...args], {
      stdin: Buffer.from(input),
      stdout: "pipe",
      stderr: "pipe",
    });
    const [stdout, stderr, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    if (code !== 0) throw new Error(`redis-cli ${args[0]}: ${stdout}${stderr}`);
    return stdout.trimEnd();
  }

  #configuration(options: RedisServerOptions): string {
    const { password, users = [], tls, module, databases, config = [] } = options;
    const lines = [
      ["bind", "127.0.0.1"],
      ["port", tls ? "0" : `${this.port}`],
      ["unixsocket", this.socketPath],
      ["save", ""],
      ["user", "admin", "on", ">admin", "~*", "&*", "+@all"],
      ...users.map((user) => ["user", ...user]),
      ...config,
    ];
    // Servers before Redis 7 do not know it.
    if (config.some(([name]) => name === "cluster-enabled")) {
      lines.push(["cluster-port", `${this.busPort}`]);
    }
    if (password !== undefined) lines.push(["requirepass", password]);
    if (databases !== undefined) lines.push(["databases", `${databases}`]);
    if (module !== undefined) lines.push(["loadmodule", module]);
    if (tls) {
      lines.push(["tls-port", `${this.port}`]);
      lines.push(["tls-cert-file", tls.server.cert], ["tls-key-file", tls.server.key]);
      lines.push(["tls-auth-clients", tls.clientCa ? "yes" : "no"]);
      if (tls.clientCa) lines.push(["tls-ca-cert-file", tls.clientCa.cert]);
    }
    return lines.map((words) => words.map((word) => JSON.stringify(word)).join(" ")).join("\n");
  }
}
