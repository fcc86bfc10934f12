import { type DescMethodUnary, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import { isLoopback } from "../../core/loopback.ts";
import { type CollectorTarget, ExportError, type Exporter } from "./exporter.ts";
import { checkPartialSuccess } from "./partial-success.ts";
import { TlsFiles } from "./tls-material.ts";

/** OTLP/HTTP, "Failures": what may be tried again. */
const retryable = new Set([429, 502, 503, 504]);

/** OTLP over HTTP, in protobuf. */
export class HttpExporter implements Exporter {
  readonly #method: DescMethodUnary;
  readonly #target: CollectorTarget;
  readonly #files: TlsFiles | undefined;

  constructor(method: DescMethodUnary, target: CollectorTarget) {
    this.#method = method;
    this.#target = target;
    const secure = target.url.startsWith("https:");
    this.#files = secure ? new TlsFiles(target.files, target.reloadIntervalMs) : undefined;
  }

  async send(request: Message): Promise<void> {
    const { url, headers, gzip, timeoutMs } = this.#target;
    const bytes = toBinary(this.#method.input, request);
    const response = await attempt(() =>
      fetch(url, {
        method: "POST",
        headers: {
          ...headers,
          "content-type": "application/x-protobuf",
          ...(gzip && { "content-encoding": "gzip" }),
        },
        body: gzip ? Bun.gzipSync(bytes) : bytes,
        signal: AbortSignal.timeout(timeoutMs),
        redirect: "error",
        ...(isLoopback(new URL(url).hostname) && { proxy: false as const }),
        ...(this.#files && { tls: { ...this.#files.current } }),
      }),
    );
    const body = await attempt(() => response.bytes());
    if (!response.ok) {
      throw new ExportError(
        `the collector responded with ${response.status}`,
        retryable.has(response.status),
      );
    }
    const type = response.headers.get("content-type") ?? "";
    if (type.startsWith("application/x-protobuf")) {
      checkPartialSuccess(fromBinary(this.#method.output, body));
    }
  }

  close(): void {}
}

async function attempt<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw new ExportError(error instanceof Error ? error.message : String(error), true);
  }
}
