import type { StartConfig } from "../config/start-config.ts";
import type { Log } from "../core/log.ts";
import { sameAddress, type TcpAddress } from "../core/tcp-address.ts";
import { withoutClients } from "../core/tls/tls-material.ts";
import { isOfrepPath } from "../services/ofrep/ofrep-route.ts";
import type { Ofrep } from "../services/ofrep/ofrep-service.ts";
import { type HttpOptions, serveHttp } from "../transport/http.ts";
import { type HttpHandler, type HttpReply, pathOf } from "../transport/http-handler.ts";
import type { FastPath } from "../transport/http1/response-head.ts";
import type { PathCounts, PortSharing } from "../transport/listener.ts";
import { hintAtHttpPorts } from "./addresses.ts";

/** The bound listeners. */
export interface HttpPorts {
  readonly ofrep: TcpAddress;
  readonly management: TcpAddress;
  stop(graceMs: number): Promise<void>;
}

/**
 * Binds OFREP and management: one listener if both have the same address. With a certificate each takes TLS and
 * plaintext side by side, for probes and scrapers know nothing of certificates.
 * @throws ConfigError
 */
export async function serveHttpPorts(parts: {
  readonly config: Pick<StartConfig, "evaluation" | "ofrep" | "management" | "maxRequestHeader">;
  readonly shared?: PortSharing;
  readonly ofrep: Ofrep;
  readonly management: readonly HttpHandler[];
  /** Answers what it can of management as its handlers would. */
  readonly probes: FastPath | undefined;
  readonly paths: PathCounts;
  readonly log: Log;
}): Promise<HttpPorts> {
  const { config, shared, management, probes, log } = parts;
  const { tls } = config.evaluation;
  const { maxRequestHeader } = config;
  const ofrep = tls ? restricted(parts.ofrep, config.ofrep.tls) : parts.ofrep;
  const common = {
    ...(shared && { shared }),
    ...(tls && { tls }),
    maxRequestHeader,
    paths: parts.paths,
    log: log.with({ component: "OFREPService" }),
  };
  const together = sameAddress(config.ofrep.address, config.management);
  const ofrepServer = await serveHttp({
    ...common,
    name: together
      ? "OFREP and management (--ofrep-port, --management-port)"
      : "OFREP (--ofrep-port)",
    address: config.ofrep.address,
    handlers: together
      ? [ofrep.handler, ...management, hintAtHttpPorts]
      : [ofrep.handler, hintAtHttpPorts],
    fastPath: together
      ? (secure) => either(probes, ofrep.fastPath(secure))
      : (secure) => ofrep.fastPath(secure),
  });
  const managementServer = together
    ? ofrepServer
    : await serveHttp({
        ...common,
        // Probes and scrapers have no certificates of their own.
        ...(tls && { tls: withoutClients(tls) }),
        log: log.with({ component: "service" }),
        name: "management (--management-port)",
        address: config.management,
        handlers: [...management, hintAtHttpPorts],
        fastPath: () => probes,
      });
  return {
    ofrep: ofrepServer.address,
    management: managementServer.address,
    async stop(graceMs) {
      await Promise.all(
        [...new Set([ofrepServer, managementServer])].map((server) => server.stop(graceMs)),
      );
    },
  };
}

/** The first that answers. */
function either(one: FastPath | undefined, other: FastPath | undefined): FastPath | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return (head, body, last) => one(head, body, last) ?? other(head, body, last);
}

type Restricted = Required<Pick<HttpOptions, "fastPath">> & Pick<Ofrep, "handler">;

/** OFREP on the connections that `--ofrep-tls` allows; on others it is refused, with the reason. */
function restricted(ofrep: Ofrep, rule: StartConfig["ofrep"]["tls"]): Restricted {
  const { handler, fastPath } = ofrep;
  if (rule === "optional") return ofrep;
  const allowed = (secure: boolean) => secure === (rule === "required");
  const refusal = forbidden(
    rule === "required"
      ? "OFREP is served over TLS only: use https:// (--ofrep-tls=required)"
      : "OFREP is served in plaintext only: use http:// (--ofrep-tls=off)",
  );
  return {
    handler(request) {
      if (allowed(request.secure)) return handler(request);
      return isOfrepPath(pathOf(request.target)) ? refusal : undefined;
    },
    fastPath: (secure) => (allowed(secure) ? fastPath(secure) : undefined),
  };
}

function forbidden(errorDetails: string): HttpReply {
  const headers = [["Content-Type", "application/json"]] as const;
  return { status: 403, headers, body: JSON.stringify({ errorDetails }) };
}
