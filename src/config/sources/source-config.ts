/** What every source has: `uri` is without the prefix that chose the provider, where that is no URI scheme. */
interface Common {
  readonly uri: string;
}

/** When a polling source looks. */
export interface Polling {
  readonly intervalSeconds: number;
  /** Fixes the phase of the polls, which is otherwise random. */
  readonly intervalSeed?: string;
}

/** PEM files of the TLS side of a client. */
export interface ClientTls {
  /** CA to trust instead of the system's. */
  readonly certPath?: string;
  readonly clientCertPath?: string;
  readonly clientKeyPath?: string;
}

export interface RedisSourceConfig extends Common, Polling, ClientTls {
  readonly provider: "redis";
  /** Name that the server's certificate must have. */
  readonly serverName?: string;
  /** Look for changes between polls. */
  readonly watch: boolean;
}

export interface FileSourceConfig extends Common {
  /** `fsnotify`: by events only, `fileinfo`: by polling only. */
  readonly provider: "file" | "fsnotify" | "fileinfo";
}

export interface OAuth {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly tokenUrl: string;
  /** Holds `client-id` and `client-secret`, instead of the two texts. */
  readonly folder?: string;
  readonly reloadDelaySeconds: number;
}

export interface HttpSourceConfig extends Common, Polling, ClientTls {
  readonly provider: "http";
  /** Whole value of `Authorization`. */
  readonly authHeader?: string;
  readonly headers: Readonly<Record<string, string>>;
  /** 0: no limit. */
  readonly timeoutSeconds: number;
  readonly oauth?: OAuth;
}

export interface GrpcSourceConfig extends Common {
  readonly provider: "grpc";
  /** Absent: plaintext. */
  readonly tls?: ClientTls;
  readonly providerId?: string;
  readonly selector?: string;
  /** Bytes; 0: 4 MiB. */
  readonly maxMessageSize: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly incrementalUpdates: boolean;
}

export interface BlobSourceConfig extends Common, Polling {
  readonly provider: "s3" | "gcs" | "azblob";
}

export interface KubernetesSourceConfig extends Common {
  readonly provider: "kubernetes";
}

/** A source of flags as configured, checked; by `provider`. */
export type SourceConfig =
  | RedisSourceConfig
  | FileSourceConfig
  | HttpSourceConfig
  | GrpcSourceConfig
  | BlobSourceConfig
  | KubernetesSourceConfig;

export type Provider = SourceConfig["provider"];
