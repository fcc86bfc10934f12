/** PEM files of a TLS server, read at start and again when they change. */
export interface ServerTls {
  readonly certPath: string;
  readonly keyPath: string;
  /** Ask for client certificates signed by this CA and refuse all others. */
  readonly clientCaPath?: string;
  /** What each file is called in messages: by the option, variable or key that names it. */
  readonly names?: { readonly [File in "certPath" | "keyPath" | "clientCaPath"]?: string };
}
