/** PEM files of a TLS server, read at start and again when they change. */
export interface ServerTls {
  readonly certPath: string;
  readonly keyPath: string;
  /** Ask for client certificates signed by this CA and refuse all others. */
  readonly clientCaPath?: string;
}
