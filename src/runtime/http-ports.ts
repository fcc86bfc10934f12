import type { StartConfig } from "../config/start.ts";
import type { Log } from "../core/log.ts";
import type { Ofrep } from "../services/ofrep/service.ts";
import { serveHttp } from "../transport/http.ts";
import type { HttpHandler } from "../transport/http-handler.ts";
import type { PortSharing } from "../transport/listener.ts";

/** The bound listeners. */
export interface HttpPorts {
  readonly ofrepPort: number;
  readonly managementPort: number;
  stop(graceMs: number): Promise<void>;
}

/**
 * Binds OFREP and management: one listener where both have the same port.
 * @throws ConfigError
 */
export async function serveHttpPorts(parts: {
  readonly config: Pick<StartConfig, "ofrep" | "managementPort" | "maxRequestHeader">;
  readonly shared?: PortSharing;
  readonly ofrep: Ofrep;
  readonly management: HttpHandler;
  readonly log: Log;
}): Promise<HttpPorts> {
  const { config, shared, ofrep, management, log } = parts;
  const { tls, port } = config.ofrep;
  const { maxRequestHeader, managementPort } = config;
  const common = {
    ...(shared && { shared }),
    maxRequestHeader,
    log: log.with({ component: "OFREPService" }),
  };
  const together = port === managementPort && port !== 0;
  const ofrepServer = await serveHttp({
    ...common,
    name: together ? "OFREP and management" : "OFREP",
    port,
    handlers: together ? [ofrep.handler, management] : [ofrep.handler],
    fastPath: () => ofrep.fastPath,
    ...(tls && { tls }),
  });
  const managementServer = together
    ? ofrepServer
    : await serveHttp({
        ...common,
        log: log.with({ component: "service" }),
        name: "management",
        port: managementPort,
        handlers: [management],
      });
  return {
    ofrepPort: ofrepServer.port,
    managementPort: managementServer.port,
    async stop(graceMs) {
      await Promise.all(
        [...new Set([ofrepServer, managementServer])].map((server) => server.stop(graceMs)),
      );
    },
  };
}
