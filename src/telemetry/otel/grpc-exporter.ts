import { type DescMethodUnary, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import { ChannelCredentials, Client, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { type CollectorTarget, ExportError, type Exporter } from "./exporter.ts";
import { checkPartialSuccess } from "./partial-success.ts";
import { TlsFiles, type TlsMaterial } from "./tls-material.ts";

/** OTLP/gRPC, "Failures": what may be tried again. */
const retryable = new Set([
  status.CANCELLED,
  status.DEADLINE_EXCEEDED,
  status.ABORTED,
  status.OUT_OF_RANGE,
  status.UNAVAILABLE,
  status.DATA_LOSS,
]);

/** grpc-js's number for gzip. */
const gzip = 2;

/** OTLP over gRPC. */
export class GrpcExporter implements Exporter {
  readonly #method: DescMethodUnary;
  readonly #path: string;
  readonly #target: CollectorTarget;
  readonly #files: TlsFiles | undefined;
  readonly #metadata = new Metadata();
  #client: Client;
  #material: TlsMaterial | undefined;

  constructor(method: DescMethodUnary, target: CollectorTarget) {
    this.#method = method;
    this.#path = `/${method.parent.typeName}/${method.name}`;
    this.#target = target;
    const secure = target.url.startsWith("https:");
    this.#files = secure ? new TlsFiles(target.files, target.reloadIntervalMs) : undefined;
    for (const [name, value] of Object.entries(target.headers)) this.#metadata.set(name, value);
    this.#material = this.#files?.current;
    this.#client = this.#connect();
  }

  send(request: Message): Promise<void> {
    const material = this.#files?.current;
    if (material !== this.#material) {
      this.#material = material;
      this.#client.close();
      this.#client = this.#connect();
    }
    const { input, output } = this.#method;
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        this.#path,
        (message: Message) => Buffer.from(toBinary(input, message)),
        (bytes) => fromBinary(output, bytes),
        request,
        this.#metadata,
        { deadline: Date.now() + this.#target.timeoutMs },
        (error: ServiceError | null, response?: Message) => {
          if (error) return reject(new ExportError(error.message, retryable.has(error.code)));
          try {
            if (response) checkPartialSuccess(response);
            resolve();
          } catch (partial) {
            reject(partial);
          }
        },
      );
    });
  }

  close(): void {
    this.#client.close();
  }

  #connect(): Client {
    const { gzip: compressed } = this.#target;
    const url = new URL(this.#target.url);
    const port = url.port || (url.protocol === "https:" ? "443" : "80");
    return new Client(`${url.hostname}:${port}`, credentials(this.#material), {
      // Not the proxy of the environment: it is meant for the web, and would see what is sent.
      "grpc.enable_http_proxy": 0,
      ...(compressed && { "grpc.default_compression_algorithm": gzip }),
    });
  }
}

function credentials(material: TlsMaterial | undefined): ChannelCredentials {
  if (!material) return ChannelCredentials.createInsecure();
  const { ca, cert, key } = material;
  const buffer = (text: string | undefined) => (text === undefined ? null : Buffer.from(text));
  return ChannelCredentials.createSsl(buffer(ca), buffer(key), buffer(cert));
}
