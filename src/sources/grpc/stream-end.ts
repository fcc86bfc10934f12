import { type ServiceError, status } from "@grpc/grpc-js";
import { tlsProblem } from "../../core/tls/tls-problems.ts";

/** How a stream ended, for the operator. */
export interface StreamEnd {
  /** What happened and, if there is something, what to do. */
  readonly reason: string;
  /** False: permanent, the daemon does not start with it. */
  readonly retryable: boolean;
  /** The server ends every stream after a time; that is no trouble if the stream had delivered. */
  readonly planned?: boolean;
  /** The server took the connection and said nothing. */
  readonly timedOut?: boolean;
  /** The connection was refused or lost in a way that grpc-js has no words for. */
  readonly unexplained?: boolean;
}

/** The call itself is wrong, not allowed, or at the wrong port. */
const permanentCodes = new Set<number>([
  status.INVALID_ARGUMENT,
  status.UNAUTHENTICATED,
  status.PERMISSION_DENIED,
  status.UNIMPLEMENTED,
]);

const unexplained =
  /^(?:Failed to connect|Protocol error|Connection closed|Socket closed|read ECONNRESET|Connection dropped)/;

/** @param error undefined: the server ended the stream without one */
export function describeEnd(error: ServiceError | undefined): StreamEnd {
  if (!error) return { reason: "the server ended the stream", retryable: true };
  const details = plain(error.details || error.message);
  const problem = tlsProblem(details);
  if (problem) return { reason: problem, retryable: false };
  const retryable = !permanentCodes.has(error.code);
  if (error.code === status.RESOURCE_EXHAUSTED && /larger than max/i.test(details)) {
    const reason = `the flag document exceeds maxMsgSize: raise this setting of the source (${details})`;
    return { reason, retryable };
  }
  if (error.code === status.UNIMPLEMENTED) {
    return {
      reason: `the server has no flag sync service on this port: use its sync port (${details})`,
      retryable,
    };
  }
  const refused = /^connect ECONNREFUSED (\S+)/.exec(details)?.[1];
  if (refused) {
    const reason = `nothing is listening on ${refused} (connection refused): a daemon's sync port is expected there (flagd start: 8015, flagd redis-sync: 8016)`;
    return { reason, retryable };
  }
  const reason = `${status[error.code] ?? "UNKNOWN"}: ${details}`;
  if (/^Protocol error/.test(details)) {
    const reason = "the server does not speak HTTP/2 on this port: use its sync port";
    return { reason, retryable, unexplained: true };
  }
  if (error.code === status.DEADLINE_EXCEEDED) return { reason, retryable, planned: true };
  return {
    reason,
    retryable,
    unexplained: error.code === status.UNAVAILABLE && unexplained.test(details),
  };
}

/** Without what changes from time to time, so that the same end reads the same. */
function plain(details: string): string {
  return details
    .replace(/^No connection established\. Last error: (?:Error: )?/, "")
    .replace(/\.?\s*Resolution note:\s*$/, "")
    .replace(/ \(\d{4}-\d\d-\d\dT[\d:.]+Z\)/g, "");
}
