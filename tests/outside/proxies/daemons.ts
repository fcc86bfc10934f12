/** Two `dist/flagd` that stop and start on the same ports. */
import { once } from "node:events";
import { connect, createServer, type Server } from "node:net";
import { type Flagd, startFlagd } from "../../support/flagd.ts";
import { freePorts } from "../../support/ports.ts";
import type { Ports } from "./proxies.ts";

type Which = 0 | 1;

export class Daemons implements AsyncDisposable {
  readonly #running: [Flagd | undefined, Flagd | undefined] = [undefined, undefined];
  readonly #probes: Server[] = [];

  private constructor(
    readonly args: readonly string[],
    readonly ports: readonly [Ports, Ports],
    readonly probes: number,
  ) {}

  static async start(args: readonly string[]): Promise<Daemons> {
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, probes = 0] = await freePorts(7);
    const ports = [
      { evaluation: a, ofrep: b, sync: c },
      { evaluation: d, ofrep: e, sync: f },
    ] as const;
    const daemons = new Daemons(args, ports, probes);
    for (const [index, { ofrep }] of ports.entries()) {
      daemons.#probes.push(await forward(`127.0.0.${index + 1}`, probes, ofrep));
    }
    await Promise.all([daemons.begin(0), daemons.begin(1)]);
    return daemons;
  }

  /** @param instead of the usual sources; it does not wait for them */
  async begin(which: Which, instead?: readonly string[]): Promise<void> {
    const { evaluation, ofrep, sync } = this.ports[which];
    const ports = ["-p", `${evaluation}`, "-m", `${ofrep}`, "-r", `${ofrep}`, "-g", `${sync}`];
    this.#running[which] = await startFlagd([...ports, ...(instead ?? this.args)], {
      probes: `http://127.0.0.1:${ofrep}`,
      ...(instead && { unready: true }),
    });
  }

  async stop(which: Which): Promise<void> {
    await this.#running[which]?.stop();
    this.#running[which] = undefined;
  }

  async restart(which: Which): Promise<void> {
    await this.stop(which);
    await this.begin(which);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.stop(0), this.stop(1)]);
    for (const server of this.#probes) server.close();
  }
}

/** Leads from a port of one address to another port: the daemons here share a machine, and cannot share ports. */
async function forward(host: string, port: number, to: number): Promise<Server> {
  const server = createServer((client) => {
    const daemon = connect(to, "127.0.0.1");
    client.pipe(daemon).pipe(client);
    client.on("error", () => daemon.destroy());
    daemon.on("error", () => client.destroy());
  }).listen(port, host);
  await once(server, "listening");
  return server;
}
