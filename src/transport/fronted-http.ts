import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Acceptor } from "./acceptor.ts";
import { bind } from "./bind.ts";
import { type HttpOptions, type HttpServer, serveHttp } from "./http.ts";
import type { PlainAnswer } from "./http1/plain-connection.ts";
import { PlainServer } from "./http1/plain-server.ts";
import { relay } from "./http1/relay.ts";
import { defaultTimeouts, sweepMs } from "./limits.ts";
import { lingerMs } from "./linger.ts";
import { connectionsAllowed } from "./open-files.ts";

/**
 * {@link serveHttp}, and in front of it `plain`, which answers requests as the handlers would, from
 * their bytes: of a small request Bun.serve itself is most of the cost. A connection that asks anything
 * else is handed on, over a unix socket.
 * @throws ConfigError where the port is taken
 */
export async function serveFrontedHttp(
  options: Omit<HttpOptions, "tls" | "socketPath">,
  plain: PlainAnswer,
): Promise<HttpServer> {
  const { name, port, hostname, shared, log, maxRequestHeader, ...rest } = options;
  const socketPath = privateSocketPath();
  const behind = serveHttp({ ...rest, name, port, log, maxRequestHeader, socketPath });
  const front = new PlainServer({
    maxHeaderBytes: maxRequestHeader > 0 ? maxRequestHeader : Number.POSITIVE_INFINITY,
    timeouts: defaultTimeouts,
    answer: plain,
    other: (socket, bytes) => relay(socket, bytes, socketPath),
  });
  const acceptor = new Acceptor(
    { tls: undefined, timeouts: defaultTimeouts, maxConnections: connectionsAllowed(), log },
    {
      http1: (socket, first) => front.accept(socket, first),
      http2: (socket, first) => relay(socket, first, socketPath),
    },
  );
  const address = { port, ...(hostname && { host: hostname }), ...(shared && { shared }) };
  let bound: Awaited<ReturnType<typeof bind>>;
  try {
    bound = await bind(acceptor.server, address, name);
  } catch (error) {
    await behind.stop(0);
    throw error;
  }
  const sweeper = setInterval(() => {
    const now = performance.now();
    acceptor.sweep(now);
    front.sweep(now);
  }, sweepMs);
  return {
    port: "port" in bound ? bound.port : 0,
    async stop(graceMs) {
      const end = performance.now() + graceMs;
      acceptor.stop();
      front.drain();
      await behind.stop(graceMs);
      // The last answers may still be on their way through here.
      let timer: Timer | undefined;
      const over = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, Math.max(lingerMs, end - performance.now()));
      });
      await Promise.race([acceptor.empty(), over]);
      clearTimeout(timer);
      clearInterval(sweeper);
      acceptor.destroyAll();
      if (!socketPath.startsWith("\0")) rmSync(socketPath, { force: true });
    },
  };
}

/** On Linux a name without a file. */
function privateSocketPath(): string {
  const name = `flagd-${process.pid}-${crypto.randomUUID().slice(0, 8)}`;
  return process.platform === "linux" ? `\0${name}` : join(tmpdir(), `${name}.sock`);
}
