import type { StartConfig } from "../config/start.ts";
import { defaultHeartbeatMs } from "../services/ofrep/events/events.ts";
import type { Log } from "../telemetry/log.ts";
import { serveFrontedHttp } from "../transport/fronted-http.ts";
import { type HttpHandler, serveHttp } from "../transport/http.ts";
import type { PlainAnswer } from "../transport/http1/plain-connection.ts";
import type { PortSharing } from "../transport/listener.ts";

export interface HttpPorts {
  readonly ofrepPort: number;
  readonly managementPort: number;
  stop(graceMs: number): Promise<void>;
}

/**
 * OFREP and management: one listener where both have the same port.
 * @throws ConfigError
 */
export async function serveHttpPorts(parts: {
  readonly config: Pick<StartConfig, "ofrep" | "managementPort" | "maxRequestHeader">;
  readonly shared?: PortSharing;
  readonly ofrep: { readonly handler: HttpHandler; readonly plain: PlainAnswer };
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
  const ofrepOptions = {
    ...common,
    name: together ? "OFREP and management" : "OFREP",
    port,
    handlers: together ? [ofrep.handler, management] : [ofrep.handler],
    // Event streams are silent between two heartbeats.
    ...(config.ofrep.events && { silenceMs: 1.5 * defaultHeartbeatMs }),
  };
  const ofrepServer =
    tls === undefined
      ? await serveFrontedHttp(ofrepOptions, ofrep.plain)
      : serveHttp({ ...ofrepOptions, tls });
  const managementServer = together
    ? ofrepServer
    : serveHttp({
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
