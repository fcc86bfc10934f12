/** Every form of credentials, with hosts that give out short-lived ones. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Host, Issuer } from "./internet.ts";

/** What a form needs. */
export interface Form {
  readonly name: string;
  readonly uri: string;
  readonly env: Readonly<Record<string, string>>;
  readonly issuer: Issuer;
  /** A host that has to be asked for them. */
  readonly asks?: string;
}

/** The libraries replace what has less than five minutes left: this is replaced every few seconds. */
const toldMs = 303_000;
/** For so long it is accepted. */
const lifeMs = 9_000;
const expiry = () => new Date(Date.now() + toldMs);
const seconds = toldMs / 1000;

const flags = {
  flags: {
    light: { state: "ENABLED", variants: { red: "red" }, defaultVariant: "red" },
  },
};

/** A store that shows the flags for good credentials. */
function store(issuer: Issuer, credentials: (request: Request) => string | null): Host {
  return (request) =>
    issuer.accepts(credentials(request))
      ? Response.json(flags)
      : new Response(null, { status: 403 });
}

const bearer = (request: Request) => request.headers.get("authorization");
const presigned = (request: Request) => new URL(request.url).searchParams.get("X-Amz-Credential");

export class Forms {
  readonly aws = new Issuer(lifeMs);
  readonly google = new Issuer(lifeMs);
  readonly azure = new Issuer(lifeMs);
  readonly #metadata: Bun.Server<undefined>;

  constructor(private readonly home: string) {
    mkdirSync(join(home, ".aws/sso/cache"), { recursive: true });
    this.#metadata = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: (request) => this.#answer(request),
    });
  }

  /** The hosts of the clouds, by name. */
  hosts(): Readonly<Record<string, Host>> {
    const entra = "https://login.microsoftonline.com/tenant";
    return {
      "flags.s3.eu-west-1.amazonaws.com": store(this.aws, presigned),
      "storage.googleapis.com": store(this.google, bearer),
      "acme.blob.core.windows.net": store(this.azure, bearer),
      "sts.eu-west-1.amazonaws.com": async (request) => {
        const action = new URLSearchParams(await request.text()).get("Action");
        const keys = Object.entries(this.#awsKeys())
          .map(([name, value]) => `<${name}>${value}</${name}>`)
          .join("");
        const result = `<${action}Result><Credentials>${keys}</Credentials></${action}Result>`;
        return new Response(`<${action}Response>${result}</${action}Response>`);
      },
      "portal.sso.us-west-2.amazonaws.com": (request) =>
        request.headers.get("x-amz-sso_bearer_token") === "sso-session"
          ? Response.json({
              roleCredentials: {
                accessKeyId: this.aws.issue(),
                secretAccessKey: "secret-key",
                sessionToken: "session",
                expiration: expiry().getTime(),
              },
            })
          : new Response(null, { status: 401 }),
      "oauth2.googleapis.com": () =>
        Response.json({ access_token: this.google.issue(), expires_in: seconds }),
      "sts.googleapis.com": () =>
        Response.json({
          access_token: "federated",
          token_type: "Bearer",
          issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
          expires_in: seconds,
        }),
      "iamcredentials.googleapis.com": (request) =>
        bearer(request) === "Bearer federated"
          ? Response.json({ accessToken: this.google.issue(), expireTime: expiry().toISOString() })
          : new Response(null, { status: 401 }),
      "login.microsoftonline.com": (request) =>
        request.url.endsWith("openid-configuration")
          ? Response.json({
              authorization_endpoint: `${entra}/oauth2/v2.0/authorize`,
              token_endpoint: `${entra}/oauth2/v2.0/token`,
              issuer: `${entra}/v2.0`,
              jwks_uri: `${entra}/keys`,
            })
          : Response.json({
              token_type: "Bearer",
              expires_in: seconds,
              access_token: this.azure.issue(),
            }),
    };
  }

  all(): readonly Form[] {
    const { aws: a, google: g, azure: z } = this;
    return [...this.#aws(a), ...this.#google(g), ...this.#azure(z)];
  }

  stop(): void {
    void this.#metadata.stop(true);
  }

  #aws(issuer: Issuer): readonly Form[] {
    const role = "arn:aws:iam::123456789012:role/r";
    writeFileSync(
      join(this.home, ".aws/config"),
      [
        "[profile user]\naws_access_key_id = a\naws_secret_access_key = secret-key",
        `[profile assumed]\nregion = eu-west-1\nrole_arn = ${role}\nsource_profile = user`,
        "[sso-session corporate]\nsso_region = us-west-2\nsso_start_url = https://acme.awsapps.com/start",
        "[profile sso]\nregion = eu-west-1\nsso_session = corporate\nsso_account_id = 123456789012\nsso_role_name = r",
        `[profile process]\nregion = eu-west-1\ncredential_process = ${this.#script("aws-process", `curl -s ${this.#url("process")}`)}`,
        "",
      ].join("\n"),
    );
    // As \`aws sso login\` leaves it: the name is the SHA-1 of the session's.
    const session = new Bun.CryptoHasher("sha1").update("corporate").digest("hex");
    writeFileSync(
      join(this.home, `.aws/sso/cache/${session}.json`),
      JSON.stringify({ accessToken: "sso-session", expiresAt: "2999-01-01T00:00:00Z" }),
    );
    const uri = "s3://flags/f.json";
    const off = { AWS_EC2_METADATA_DISABLED: "true" };
    const sts = "sts.eu-west-1.amazonaws.com";
    return [
      { name: "an assumed role", env: { ...off, AWS_PROFILE: "assumed" }, asks: sts },
      {
        name: "an SSO profile, whose session is of another region",
        env: { ...off, AWS_PROFILE: "sso" },
        asks: "portal.sso.us-west-2.amazonaws.com",
      },
      { name: "a process", env: { ...off, AWS_PROFILE: "process" } },
      {
        name: "a web identity",
        env: {
          ...off,
          AWS_REGION: "eu-west-1",
          AWS_ROLE_ARN: role,
          AWS_WEB_IDENTITY_TOKEN_FILE: this.#file("web-identity", "jwt"),
        },
        asks: sts,
      },
      {
        name: "the role of a container",
        env: {
          ...off,
          AWS_REGION: "eu-west-1",
          AWS_CONTAINER_CREDENTIALS_FULL_URI: this.#url("container"),
        },
      },
      {
        name: "the role of an instance (IMDS)",
        env: { AWS_REGION: "eu-west-1", AWS_EC2_METADATA_SERVICE_ENDPOINT: this.#url("") },
      },
    ].map((form) => ({ ...form, name: `s3 by ${form.name}`, uri, issuer }));
  }

  #google(issuer: Issuer): readonly Form[] {
    const { privateKey } = makeKey();
    const account = {
      type: "service_account",
      client_email: "flagd@acme.iam.gserviceaccount.com",
      private_key: privateKey,
    };
    const federated = {
      type: "external_account",
      audience:
        "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
      subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
      token_url: "https://sts.googleapis.com/v1/token",
      service_account_impersonation_url:
        "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/flagd@acme.iam.gserviceaccount.com:generateAccessToken",
      credential_source: { file: this.#file("federated", "jwt") },
    };
    const user = {
      type: "authorized_user",
      client_id: "c",
      client_secret: "secret-key",
      refresh_token: "r",
    };
    const named = (name: string, content: object) => ({
      GOOGLE_APPLICATION_CREDENTIALS: this.#file(name, JSON.stringify(content)),
    });
    return [
      {
        name: "a service account's key",
        env: named("account", account),
        asks: "oauth2.googleapis.com",
      },
      {
        name: "workload identity federation (external_account) and impersonation",
        env: named("external", federated),
        asks: "iamcredentials.googleapis.com",
      },
      { name: "a user's login", env: named("user", user), asks: "oauth2.googleapis.com" },
      {
        name: "the metadata server",
        env: {
          GCE_METADATA_HOST: this.#url("").replace("http://", ""),
          METADATA_SERVER_DETECTION: "assume-present",
        },
      },
    ].map((form) => ({ ...form, name: `gs by ${form.name}`, uri: "gs://flags/f.json", issuer }));
  }

  #azure(issuer: Issuer): readonly Form[] {
    const client = { AZURE_TENANT_ID: "tenant", AZURE_CLIENT_ID: "id" };
    const asks = "login.microsoftonline.com";
    const az = this.#script("az", `curl -s ${this.#url("az")}`);
    return [
      { name: "a client's secret", env: { ...client, AZURE_CLIENT_SECRET: "secret-key" }, asks },
      {
        name: "workload identity",
        env: { ...client, AZURE_FEDERATED_TOKEN_FILE: this.#file("projected", "jwt") },
        asks,
      },
      {
        name: "managed identity (IMDS)",
        env: { AZURE_POD_IDENTITY_AUTHORITY_HOST: this.#url("") },
      },
      {
        name: "managed identity (App Service)",
        env: { IDENTITY_ENDPOINT: this.#url("app-service"), IDENTITY_HEADER: "secret-key" },
      },
      {
        name: "the Azure CLI",
        env: {
          AZURE_TOKEN_CREDENTIALS: "AzureCliCredential",
          PATH: `${join(az, "..")}:${process.env.PATH}`,
        },
      },
    ].map(({ env, ...form }) => ({
      ...form,
      env: { AZURE_STORAGE_ACCOUNT: "acme", ...env },
      name: `azblob by ${form.name}`,
      uri: "azblob://flags/f.json",
      issuer,
    }));
  }

  /** What the machine itself offers, and what commands ask for. */
  #answer(request: Request): Response {
    const { pathname } = new URL(request.url);
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = this.#awsKeys();
    const metadata = { AccessKeyId, SecretAccessKey, Token: SessionToken, Expiration };
    const azure = () => ({
      access_token: this.azure.issue(),
      expires_on: `${Math.floor(expiry().getTime() / 1000)}`,
      expires_in: `${seconds}`,
      resource: "https://storage.azure.com/",
      token_type: "Bearer",
      client_id: "id",
    });
    switch (pathname) {
      case "/latest/api/token":
        return new Response("imds-session");
      case "/latest/meta-data/iam/security-credentials/":
        return new Response("flag-role");
      case "/latest/meta-data/iam/security-credentials/flag-role":
        return Response.json({ Code: "Success", ...metadata });
      case "/container":
        return Response.json(metadata);
      case "/process":
        return Response.json({ Version: 1, ...this.#awsKeys() });
      case "/computeMetadata/v1/instance/service-accounts/default/token":
        return Response.json(
          { access_token: this.google.issue(), expires_in: seconds, token_type: "Bearer" },
          { headers: { "metadata-flavor": "Google" } },
        );
      case "/computeMetadata/v1/instance":
        return new Response("", { headers: { "metadata-flavor": "Google" } });
      case "/metadata/identity/oauth2/token":
      case "/metadata/identity/oauth2/token/":
      case "/app-service":
        return Response.json(azure());
      case "/az":
        return Response.json({
          accessToken: this.azure.issue(),
          expires_on: Math.floor((Date.now() + 5_000) / 1000),
        });
    }
    return new Response(null, { status: 404 });
  }

  #awsKeys() {
    return {
      AccessKeyId: this.aws.issue(),
      SecretAccessKey: "secret-key",
      SessionToken: "session",
      Expiration: expiry().toISOString(),
    };
  }

  #url(path: string): string {
    return `http://127.0.0.1:${this.#metadata.port}${path && `/${path}`}`;
  }

  #file(name: string, text: string): string {
    const path = join(this.home, name);
    writeFileSync(path, text);
    return path;
  }

  #script(name: string, command: string): string {
    mkdirSync(join(this.home, "bin"), { recursive: true });
    const path = this.#file(`bin/${name}`, `#!/bin/sh\n${command}\n`);
    chmodSync(path, 0o755);
    return path;
  }
}

function makeKey(): { readonly privateKey: string } {
  const { stdout } = Bun.spawnSync(["openssl", "genpkey", "-algorithm", "RSA"]);
  return { privateKey: stdout.toString() };
}
