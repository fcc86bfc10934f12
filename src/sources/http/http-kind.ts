import { ConfigError } from "../../core/errors.ts";
import { asksForTls, clientTlsSettings, pollSettings, type SettingValues } from "../settings.ts";
import { type ConfigOf, type SourceKind, sourceName } from "../source-kind.ts";

const oauthSettings = {
  tokenUrl: { type: "text", doc: "URL of the token endpoint." },
  clientID: { type: "text", doc: "The client's id." },
  clientSecret: { type: "text", doc: "The client's secret." },
  folder: {
    type: "text",
    doc: "Folder that has id and secret as files `client-id` and `client-secret`, instead of the two.",
  },
  reloadDelayS: {
    type: "seconds",
    doc: "Seconds that a token is used at most; without it, until the token expires.",
  },
} as const;

const settings = {
  ...pollSettings(5),
  ...clientTlsSettings,
  headers: {
    type: "texts",
    default: {},
    doc: "HTTP headers to send with every request: an object of texts.",
  },
  authHeader: { type: "text", doc: "The whole value of the Authorization header." },
  timeoutS: {
    type: "seconds",
    doc: "Seconds that a request may take. Without it, a request is given up after 30 s of silence.",
  },
  oauth: {
    type: "object",
    settings: oauthSettings,
    doc: "OAuth client credentials: tokenUrl, and clientID with clientSecret or folder.",
  },
} as const;

export type HttpSourceConfig = ConfigOf<"http", typeof settings>;

/** OAuth 2.0 client credentials, and where they are exchanged for a token. */
export type OAuthSettings = SettingValues<typeof oauthSettings>;

export const httpKind: SourceKind<HttpSourceConfig> = {
  providers: ["http"],
  doc: "A JSON or YAML document under a URL.",
  prefix: "http(s)://",
  uriForm: "https://host/flags.json",
  uriPattern: /^https?:\/\//,
  schemes: ["http", "https"],
  settings,
  nameOf: sourceName,
  check(config, where) {
    asksForTls(config, where);
    if (config.oauth) checkOAuth(config.oauth, `${where}.oauth`);
    return config;
  },
  async create(config, dependencies) {
    return new (await import("./http-source.ts")).HttpSource(config, dependencies);
  },
};

function checkOAuth(
  { tokenUrl, folder, clientID, clientSecret }: OAuthSettings,
  where: string,
): void {
  if (!tokenUrl) throw new ConfigError(`${where}: tokenUrl is a required field`);
  if (!folder && !(clientID && clientSecret)) {
    throw new ConfigError(
      `${where}: set clientID and clientSecret, or a folder that contains both`,
    );
  }
}
