/** A real OpenTelemetry Collector, built by its own builder, that writes what it receives to a file. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cachedFolder } from "../../support/cache.ts";
import { until } from "../../support/until.ts";
import { output } from "../suite.ts";

/** That of the modules in collector.yaml. */
const version = "v0.161.0";

/** The path of the executable. Building it takes Go, and minutes the first time. */
export async function buildCollector(): Promise<string> {
  const manifest = join(import.meta.dir, "collector.yaml");
  const folder = await cachedFolder(`otelcol-${version}`, async (folder) => {
    console.log(`Building the OpenTelemetry Collector ${version} …`);
    const builder = `go.opentelemetry.io/collector/cmd/builder@${version}`;
    const own = join(folder, "manifest.yaml");
    const text = readFileSync(manifest, "utf8");
    writeFileSync(own, text.replace("dist:\n", `dist:\n  output_path: ${folder}\n`));
    await output(["go", "run", builder, "--config", own]);
  });
  return join(folder, "otelcol");
}

/** An object of OTLP's JSON. */
export interface Received {
  readonly [name: string]: unknown;
}

export interface CollectorTls {
  readonly cert: string;
  readonly key: string;
  /** Demands certificates that this CA has signed. */
  readonly clientCa?: string;
}

export class RealCollector implements AsyncDisposable {
  readonly #executable: string;
  readonly #folder = mkdtempSync(join(tmpdir(), "flagd-otelcol-"));
  #child: Bun.Subprocess | undefined;

  constructor(
    executable: string,
    readonly grpcPort: number,
    readonly httpPort: number,
    readonly tls?: CollectorTls,
  ) {
    this.#executable = executable;
    writeFileSync(join(this.#folder, "config.json"), JSON.stringify(this.#config()));
  }

  async start(): Promise<void> {
    const child = Bun.spawn([this.#executable, "--config", join(this.#folder, "config.json")], {
      stdio: ["ignore", "ignore", Bun.file(join(this.#folder, "log"))],
    });
    this.#child = child;
    await until("the collector listening", async () => {
      if (child.exitCode !== null) throw new Error(readFileSync(join(this.#folder, "log"), "utf8"));
      const socket = await Bun.connect({
        hostname: "127.0.0.1",
        port: this.httpPort,
        socket: { data() {} },
      });
      socket.end();
      return true;
    });
  }

  async stop(): Promise<void> {
    this.#child?.kill("SIGTERM");
    await this.#child?.exited;
    this.#child = undefined;
  }

  /** Everything received so far, one element for each request. */
  received(signal: "traces" | "metrics" | "logs"): readonly Received[] {
    const file = join(this.#folder, `${signal}.json`);
    if (!existsSync(file)) return [];
    const lines = readFileSync(file, "utf8").split("\n");
    // The last one may not be written to its end.
    return lines.slice(0, -1).map((line) => JSON.parse(line) as Received);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #config(): object {
    const { tls } = this;
    const server = {
      ...(tls && {
        tls: {
          cert_file: tls.cert,
          key_file: tls.key,
          ...(tls.clientCa && { client_ca_file: tls.clientCa }),
        },
      }),
    };
    const file = (signal: string) => ({
      path: join(this.#folder, `${signal}.json`),
      // A collector that is started again goes on writing.
      append: true,
    });
    return {
      receivers: {
        otlp: {
          protocols: {
            grpc: { endpoint: `127.0.0.1:${this.grpcPort}`, ...server },
            http: { endpoint: `127.0.0.1:${this.httpPort}`, ...server },
          },
        },
      },
      exporters: {
        "file/traces": file("traces"),
        "file/metrics": file("metrics"),
        "file/logs": file("logs"),
      },
      service: {
        telemetry: { metrics: { level: "none" } },
        pipelines: {
          traces: { receivers: ["otlp"], exporters: ["file/traces"] },
          metrics: { receivers: ["otlp"], exporters: ["file/metrics"] },
          logs: { receivers: ["otlp"], exporters: ["file/logs"] },
        },
      },
    };
  }
}
