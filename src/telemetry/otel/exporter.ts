import type { Message } from "@bufbuild/protobuf";

/** Where one signal goes, and how. */
export interface CollectorTarget {
  readonly protocol: "grpc" | "http/protobuf";
  /** Begins with `http:` or `https:`. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of one attempt. */
  readonly timeoutMs: number;
  readonly gzip: boolean;
  readonly files: TlsFilePaths;
  /** How often the files are read again. */
  readonly reloadIntervalMs: number;
}

export interface TlsFilePaths {
  /** Beside the system's CAs. */
  readonly caPath?: string;
  readonly certPath?: string;
  readonly keyPath?: string;
}

/** Sends requests of one signal. */
export interface Exporter {
  /** One attempt. @throws ExportError */
  send(request: Message): Promise<void>;
  close(): void;
}

/** Why a request did not arrive, or not as a whole. */
export class ExportError extends Error {
  override readonly name = "ExportError";
  constructor(
    message: string,
    /** May the same request succeed later? */
    readonly retryable: boolean,
  ) {
    super(message);
  }
}
