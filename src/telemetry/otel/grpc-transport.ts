import { createSecureContext } from "node:tls";
import { ChannelCredentials, Client, Metadata, type ServiceError } from "@grpc/grpc-js";
import type { CollectorTarget } from "../../core/otel-settings.ts";
import type { TlsMaterial } from "./tls-files.ts";

/** What became of an export, in the terms of OpenTelemetry's transports. */
type Outcome =
  | { readonly status: "success"; readonly data: Uint8Array }
  | { readonly status: "failure"; readonly error: Error };

/** grpc-js's number for gzip. */
const gzip = 2;

/** Attempts and waits of OpenTelemetry's transport for HTTP; statuses of OTLP/gRPC, "Failures". */
const retryPolicy = {
  maxAttempts: 5,
  initialBackoff: "1s",
  maxBackoff: "5s",
  backoffMultiplier: 1.5,
  retryableStatusCodes: [
    "CANCELLED",
    "DEADLINE_EXCEEDED",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNAVAILABLE",
    "DATA_LOSS",
  ],
};

/** A collector that is back is found within this time. */
const maxReconnectBackoffMs = 5_000;

/**
 * Takes the place of OpenTelemetry's transport for gRPC, which drops a batch at the first UNAVAILABLE
 * and lets nobody set the options of its channel.
 */
export class GrpcTransport {
  readonly #path: string;
  readonly #client: Client;
  readonly #metadata = new Metadata();

  constructor(service: string, target: CollectorTarget, tls: TlsMaterial | undefined) {
    this.#path = `/${service}/Export`;
    for (const [name, value] of Object.entries(target.headers)) this.#metadata.set(name, value);
    const url = new URL(target.url);
    const port = url.port || (url.protocol === "https:" ? "443" : "80");
    this.#client = new Client(`${url.hostname}:${port}`, credentials(tls), {
      "grpc.service_config": JSON.stringify({
        methodConfig: [{ name: [{ service }], retryPolicy }],
      }),
      "grpc.max_reconnect_backoff_ms": maxReconnectBackoffMs,
      // Not the proxy of the environment: it is meant for the web, and would see what is sent.
      "grpc.enable_http_proxy": 0,
      ...(target.gzip && { "grpc.default_compression_algorithm": gzip }),
    });
  }

  send(data: Uint8Array, timeoutMillis: number): Promise<Outcome> {
    return new Promise((resolve) => {
      this.#client.makeUnaryRequest(
        this.#path,
        (bytes: Uint8Array) => Buffer.from(bytes),
        (bytes: Buffer) => bytes,
        data,
        this.#metadata,
        { deadline: Date.now() + timeoutMillis },
        (error: ServiceError | null, response?: Buffer) => {
          if (error) resolve({ status: "failure", error });
          else resolve({ status: "success", data: response ?? new Uint8Array() });
        },
      );
    });
  }

  shutdown(): void {
    this.#client.close();
  }
}

function credentials(tls: TlsMaterial | undefined): ChannelCredentials {
  if (!tls) return ChannelCredentials.createInsecure();
  // `createSsl` has no place for `allowPartialTrustChain`.
  return ChannelCredentials.createFromSecureContext(
    createSecureContext({ ...tls, minVersion: "TLSv1.2" }),
  );
}
