/**
 * The hosts of the clouds on this machine: an HTTPS proxy that leads to one server for all of them, whose
 * certificates are of a CA that flagd is told to trust. So the libraries ask the hosts that they ask elsewhere.
 */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { makeCertificates } from "../../support/certificates.ts";

export type Host = (request: Request) => Response | Promise<Response>;

export class Internet implements AsyncDisposable {
  /** Hosts that were asked, in order, each once. */
  readonly asked = new Set<string>();
  readonly #certificates = makeCertificates();
  readonly #web: Bun.Server<undefined>;
  #proxy: Server | undefined;

  /** @param hosts by name, with one `*` label at the most */
  constructor(hosts: Readonly<Record<string, Host>>) {
    const { cert, key } = this.#certificates.issue(Object.keys(hosts));
    this.#web = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      tls: { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") },
      fetch: (request) => {
        const { hostname } = new URL(request.url);
        this.asked.add(hostname);
        const host = hosts[hostname] ?? hosts[hostname.replace(/^[^.]+/, "*")];
        return host?.(request) ?? new Response("there is no such host", { status: 502 });
      },
    });
  }

  async start(): Promise<this> {
    const proxy = createServer((client) => {
      client.once("data", () => {
        const server = connect(this.#web.port ?? 0, "127.0.0.1", () => {
          client.write("HTTP/1.1 200 OK\r\n\r\n");
          client.pipe(server).pipe(client);
        });
        server.on("error", () => client.destroy());
        client.on("close", () => server.destroy());
      });
      client.on("error", () => client.destroy());
    }).listen(0, "127.0.0.1");
    await once(proxy, "listening");
    this.#proxy = proxy;
    return this;
  }

  /** Variables with which a program finds it. */
  get env(): Readonly<Record<string, string>> {
    const address = this.#proxy?.address();
    const port = typeof address === "object" ? address?.port : undefined;
    return {
      HTTPS_PROXY: `http://127.0.0.1:${port}`,
      NODE_EXTRA_CA_CERTS: this.#certificates.ca.cert,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#proxy?.close();
    await this.#web.stop(true);
    this.#certificates.remove();
  }
}

/** Tokens and keys that say themselves until when they are good, so that whoever is shown one can tell. */
export class Issuer {
  /** Those that were shown, each once. */
  readonly shown = new Set<string>();
  /** How many were shown too late, or were none. */
  refused = 0;
  #issued = 0;

  /** @param lifeMs of each */
  constructor(private readonly lifeMs: number) {}

  issue(): string {
    this.#issued++;
    return `ISSUED${Date.now() + this.lifeMs}N${this.#issued}`;
  }

  accepts(shown: string | null | undefined): boolean {
    const [found, end] = /ISSUED(\d+)N\d+/.exec(shown ?? "") ?? [];
    const good = found !== undefined && Number(end) > Date.now();
    if (good) this.shown.add(found);
    else this.refused++;
    return good;
  }
}
