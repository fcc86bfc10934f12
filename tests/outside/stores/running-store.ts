import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "../../support/ports.ts";
import { until } from "../../support/until.ts";
import type { Command, Place, Store } from "./stores.ts";

/** A store, and an address in front of it that counts the answers. */
export class RunningStore implements AsyncDisposable {
  readonly #statuses: number[] = [];
  #child: Bun.Subprocess | undefined;

  private constructor(
    readonly store: Store,
    readonly command: Command,
    readonly place: Place,
    readonly folder: string,
  ) {}

  static async start(store: Store, command: Command): Promise<RunningStore> {
    const folder = mkdtempSync(join(tmpdir(), "flagd-store-"));
    const [port = 0, front = 0] = await freePorts(2);
    const place = { port, address: `http://127.0.0.1:${front}`, folder: join(folder, "data") };
    mkdirSync(place.folder);
    const running = new RunningStore(store, command, place, folder);
    const server = createServer((client) => {
      const upstream = connect(port, "127.0.0.1");
      client.pipe(upstream).pipe(client);
      upstream.on("data", (bytes: Buffer) => {
        for (const [, status] of bytes.toString("latin1").matchAll(/HTTP\/1\.1 (\d{3})/g)) {
          running.#statuses.push(Number(status));
        }
      });
      client.on("error", () => upstream.destroy());
      upstream.on("error", () => client.destroy());
    }).listen(front, "127.0.0.1");
    await once(server, "listening");
    server.unref();
    await running.begin();
    return running;
  }

  /** Starts it, with a container for objects. */
  async begin(): Promise<void> {
    const { store, place } = this;
    const { command, env } = this.command(place);
    const child = Bun.spawn([...command], {
      env: { ...process.env, ...env },
      cwd: this.folder,
      stdin: "ignore",
      stdout: Bun.file(join(this.folder, "stdout")),
      stderr: Bun.file(join(this.folder, "stderr")),
    });
    this.#child = child;
    await until(
      `${store.name} answering`,
      async () => {
        if (child.exitCode !== null) {
          throw new Error(await Bun.file(join(this.folder, "stderr")).text());
        }
        return (await fetch(`http://127.0.0.1:${place.port}/`)).status > 0;
      },
      60,
    );
    await store.prepare(place);
  }

  async stop(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#child?.exited;
  }

  count(status: number): number {
    return this.#statuses.filter((each) => each === status).length;
  }

  /** Resolves at its next answer with this status. */
  async answers(status: number): Promise<void> {
    const before = this.count(status);
    await until(`an answer ${status}`, () => this.count(status) > before);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
