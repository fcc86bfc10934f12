import type { StartConfig } from "../config/start.ts";
import type { Log } from "../core/log.ts";
import { defaultHeartbeatMs } from "../services/ofrep/events/events.ts";
import type { Ofrep } from "../services/ofrep/service.ts";
import { type HttpHandler, serveHttp } from "../transport/http.ts";
import type { PortSharing } from "../transport/listener.ts";

/** The bound listeners. */
export interface HttpPorts {
  readonly ofrepPort: number;
  readonly managementPort: number;
  stop(graceMs: number): Promise<void>;
}

/** On OFREP's port where it has event streams, of which some are only as lively as their heartbeats. */
const silenceMs = 1.5 * defaultHeartbeatMs;

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
    name: together
      ? "OFREP and management (--ofrep-port, --management-port)"
      : "OFREP (--ofrep-port)",
    port,
    handlers: together ? [ofrep.handler, management] : [ofrep.handler],
    plain: ofrep.shortPath,
    ...(config.ofrep.events && { silenceMs }),
    ...(tls && { tls }),
  });
  const managementServer = together
    ? ofrepServer
    : await serveHttp({
        ...common,
        log: log.with({ component: "service" }),
        name: "management (--management-port)",
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
