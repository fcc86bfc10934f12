/** What every source has. */
interface Common {
  /** Without the prefixes that only choose the provider: `file:`, `grpc://`, `core.openfeature.dev/`. */
  readonly uri: string;
}

/** When a source polls. */
export interface Polling {
  readonly intervalSeconds: number;
  /** Fixes the phase of the polls, which is otherwise random. */
  readonly intervalSeed?: string;
}

/** PEM files of a TLS client. */
export interface ClientTls {
  /** CA to trust instead of the system's. */
  readonly certPath?: string;
  readonly clientCertPath?: string;
  readonly clientKeyPath?: string;
}

/** Who asks a Redis server, beside the URI: texts, or files that hold them. */
export interface RedisSecrets {
  readonly username?: string;
  readonly password?: string;
  readonly usernameFile?: string;
  readonly passwordFile?: string;
}

/** How Sentinels are talked to, if differently from the servers. */
export interface SentinelSettings {
  readonly username?: string;
  readonly password?: string;
  readonly passwordFile?: string;
  /** Default: as the servers. */
  readonly tls?: boolean;
  readonly certPath?: string;
  readonly clientCertPath?: string;
  readonly clientKeyPath?: string;
  readonly serverName?: string;
}

export interface RedisSourceConfig extends Common, Polling, ClientTls, RedisSecrets {
  readonly provider: "redis";
  /** Name that the server's certificate must have. */
  readonly serverName?: string;
  /** Look for changes between polls. */
  readonly watch: boolean;
  readonly sentinel?: SentinelSettings;
  /** Which of the servers behind Sentinels to read; default: the master. */
  readonly role?: "master" | "replica";
}

export interface FileSourceConfig extends Common {
  /** `fileinfo` looks once a second only, the others also listen to events of the file system. */
  readonly provider: "file" | "fsnotify" | "fileinfo";
}

/** OAuth 2.0 client credentials, and where they are exchanged for a token. */
export interface OAuth {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly tokenUrl: string;
  /** Holds `client-id` and `client-secret`, instead of the two texts. */
  readonly folder?: string;
  /** The longest that a token is used; 0: until it expires. */
  readonly reloadDelaySeconds: number;
}

export interface HttpSourceConfig extends Common, Polling, ClientTls {
  readonly provider: "http";
  /** Whole value of `Authorization`. */
  readonly authHeader?: string;
  readonly headers: Readonly<Record<string, string>>;
  /** For a whole request; 0: no limit. */
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

/** The checked configuration of a source; `provider` tells the kinds apart. */
export type SourceConfig =
  | RedisSourceConfig
  | FileSourceConfig
  | HttpSourceConfig
  | GrpcSourceConfig
  | BlobSourceConfig
  | KubernetesSourceConfig;

export type Provider = SourceConfig["provider"];
