/** Servers that answer a constant, in C and in this runtime: what a request costs if nothing is done for it. */
import { mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { freePorts } from "../../tests/support/ports.ts";
import type { BareServer } from "./bare-server.ts";
import { type Usage, usageOf } from "./process-tree.ts";

/** PEM files. */
export interface ServerCertificate {
  readonly certPath: string;
  readonly keyPath: string;
}

export interface ConstantServer extends AsyncDisposable {
  /** Without TLS, and with it. */
  readonly port: number;
  readonly tlsPort: number;
  usage(): Usage;
}

/** As long as what our servers answer, for the same system calls. */
const answers = {
  ofrep: '{"value":true,"key":"flag-000","reason":"STATIC","variant":"on","metadata":{}}',
  probe: "OK",
};

/** One worker of nginx, which answers every request at once and logs nothing. */
export async function startNginx(
  folder: string,
  { certPath, keyPath }: ServerCertificate,
): Promise<ConstantServer> {
  const [port = 0, tlsPort = 0] = await freePorts(2);
  const at = join(folder, "nginx");
  mkdirSync(at, { recursive: true });
  const config = join(at, "nginx.conf");
  writeFileSync(
    config,
    `daemon off; master_process off; worker_processes 1; pid ${at}/nginx.pid; error_log ${at}/error.log;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 1000000000; default_type application/json;
  client_body_temp_path ${at}/body; proxy_temp_path ${at}/proxy; fastcgi_temp_path ${at}/fastcgi;
  uwsgi_temp_path ${at}/uwsgi; scgi_temp_path ${at}/scgi;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    listen 127.0.0.1:${tlsPort} ssl backlog=4096;
    ssl_certificate ${certPath}; ssl_certificate_key ${keyPath};
    location /readyz { return 200 '${answers.probe}'; }
    location / { return 200 '${answers.ofrep}'; }
  }
}`,
  );
  return await start(["nginx", "-p", at, "-c", config], [port, tlsPort]);
}

/** nghttpd serves one small file under `path`, on ports of two processes. */
export async function startNghttpd(
  folder: string,
  path: string,
  { certPath, keyPath }: ServerCertificate,
  tls: boolean,
): Promise<ConstantServer> {
  const [port = 0] = await freePorts(1);
  const root = join(folder, "nghttpd");
  mkdirSync(join(root, path, ".."), { recursive: true });
  writeFileSync(join(root, path), Buffer.alloc(40, "x"));
  const what = tls ? [String(port), keyPath, certPath] : ["--no-tls", String(port)];
  const command = ["nghttpd", "-n1", "-a", "127.0.0.1", "-d", root, ...what];
  return await start(command, [port]);
}

/** Bun's own sockets, and nothing beside them. */
export async function startBareServer(
  http: BareServer["http"],
  certificate: ServerCertificate,
): Promise<ConstantServer> {
  const [port = 0, tlsPort = 0] = await freePorts(2);
  const answer = http === 2 ? "x".repeat(35) : answers.ofrep;
  const options: BareServer = { http, port, tlsPort, answer, ...certificate };
  const program = join(import.meta.dir, "bare-server.ts");
  return await start([process.execPath, program, JSON.stringify(options)], [port, tlsPort]);
}

async function start(
  command: readonly string[],
  [port = 0, tlsPort = port]: readonly number[],
): Promise<ConstantServer> {
  const child = Bun.spawn([...command], { stdio: ["ignore", "ignore", "ignore"] });
  const giveUpAt = performance.now() + 10_000;
  while (!(await listens(port))) {
    if (child.exitCode !== null || performance.now() > giveUpAt) {
      child.kill("SIGKILL");
      throw new Error(`${command[0]} does not listen`);
    }
    await Bun.sleep(20);
  }
  return {
    port,
    tlsPort,
    usage: () => usageOf(child.pid),
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.exited;
    },
  };
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
