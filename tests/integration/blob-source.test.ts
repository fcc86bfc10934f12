import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { azureBucket } from "../../src/sources/blob/azure-bucket.ts";
import { BlobSource } from "../../src/sources/blob/blob-source.ts";
import { gcsBucket } from "../../src/sources/blob/gcs-bucket.ts";
import { s3Bucket } from "../../src/sources/blob/s3-bucket.ts";
import { isPermanent } from "../../src/sources/source.ts";
import { DocumentServer } from "../support/document-server.ts";
import { hastyClock, RunningSource } from "../support/running-source.ts";
import { isPresigned, isSignedForAzure } from "../support/signatures.ts";
import { until } from "../support/until.ts";

const one = '{"flags":{"one":{"state":"ENABLED"}}}';
const two = '{"flags":{"two":{"state":"ENABLED"}}}';
const folder = mkdtempSync(join(tmpdir(), "flagd-blob-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The libraries of clouds read the variables of the process. */
const cloudVariable = /^(AWS_|AZURE_|GOOGLE_|GCE_|CLOUDSDK_|STORAGE_|HOME$)/;
const before = Object.entries(process.env).filter(([name]) => cloudVariable.test(name));

function setVariables(env: Readonly<Record<string, string | undefined>>): void {
  for (const name of Object.keys(process.env)) {
    if (cloudVariable.test(name)) delete process.env[name];
  }
  Object.assign(process.env, { HOME: folder }, env);
}
afterAll(() => setVariables(Object.fromEntries(before)));

const buckets = { s3: s3Bucket, gcs: gcsBucket, azblob: azureBucket };

function run(
  provider: keyof typeof buckets,
  uri: string,
  env: Record<string, string>,
  silenceMs = 20_000,
) {
  setVariables(env);
  const config = { provider, uri, interval: 5 };
  const dependencies = { clock: hastyClock, env: { HOME: folder, ...env }, silenceMs };
  return new RunningSource(new BlobSource(config, buckets[provider], dependencies));
}

const accountKey = Buffer.from("an account's key").toString("base64");
const s3 = { AWS_ACCESS_KEY_ID: "me", AWS_SECRET_ACCESS_KEY: "s3cret", AWS_REGION: "eu-west-1" };

/** Every kind of storage with a server that takes only what is signed for it. */
const kinds = [
  {
    provider: "s3",
    start: (server: DocumentServer, path: string) =>
      run("s3", `s3://flags/${path}?endpoint=${server.url}&use_path_style=true`, s3),
    path: (path: string) => `/flags/${path}`,
    permits: (request: Request) => isPresigned(request, "s3cret"),
  },
  {
    provider: "gcs",
    start: (server: DocumentServer, path: string) =>
      run("gcs", `gs://flags/${path}`, { STORAGE_EMULATOR_HOST: new URL(server.url).host }),
    path: (path: string) => `/flags/${path}`,
    permits: () => true,
  },
  {
    provider: "azblob",
    start: (server: DocumentServer, path: string) =>
      run("azblob", `azblob://flags/${path}?domain=${new URL(server.url).host}&localemu=true`, {
        AZURE_STORAGE_ACCOUNT: "acme",
        AZURE_STORAGE_KEY: accountKey,
      }),
    path: (path: string) => `/acme/flags/${path}`,
    permits: (request: Request) => isSignedForAzure(request, "acme", accountKey),
  },
] as const;

describe.each(kinds)("$provider", ({ start, path, permits }) => {
  const guarded = (object: string) => {
    const server = new DocumentServer();
    server.contentType = "binary/octet-stream";
    server.behaviour = (request) => {
      if (new URL(request.url).pathname !== path(object)) {
        return new Response("<Error><Code>NoSuchKey</Code></Error>", { status: 404 });
      }
      return permits(request) ? undefined : new Response(null, { status: 403 });
    };
    return server;
  };

  test("delivers an object, and again only when it has changed", async () => {
    using server = guarded("team/flags.json");
    server.document = one;
    await using source = start(server, "team/flags.json");
    expect(await source.delivers(one)).toMatchObject({ format: "json" });
    await source.finds();
    server.document = two;
    await source.delivers(two);
    expect(source.documents).toEqual([one, two]);
    expect(source.failures).toEqual([]);
    expect(server.header("if-none-match").some((tag) => tag !== null)).toBe(true);
  });

  test("finds objects of any name", async () => {
    using server = guarded("a%20b/%C3%BC%2B%28c%29.yaml");
    await using source = start(server, "a%20b/%C3%BC%2B(c).yaml");
    expect(await source.delivers(server.document)).toMatchObject({ format: "yaml" });
  });

  test("waits for an object that is not there yet, and outlasts outages", async () => {
    using server = guarded("flags.json");
    const { behaviour } = server;
    server.behaviour = () => new Response("<Error><Code>NoSuchKey</Code></Error>", { status: 404 });
    await using source = start(server, "flags.json");
    await source.fails("the server responded with 404 Not Found (NoSuchKey)");
    server.behaviour = behaviour;
    await source.delivers(server.document);
    server.behaviour = () => new Response(null, { status: 503 });
    await source.fails("the server responded with 503");
    server.behaviour = behaviour;
    await source.finds();
    expect(source.payloads).toHaveLength(1);
  });

  test("refused credentials at start are fatal, and not shown", async () => {
    using server = new DocumentServer();
    server.behaviour = () =>
      new Response("<Error><Code>InvalidAccessKeyId</Code></Error>", { status: 403 });
    await using source = start(server, "flags.json");
    const error = await source.ended;
    expect(error).toSatisfy(isPermanent);
    expect(String(error)).toContain("(InvalidAccessKeyId)");
    expect(String(error)).not.toContain("s3cret");
    expect(String(error)).not.toContain(accountKey);
  });

  test("stops while a request hangs", async () => {
    using server = new DocumentServer();
    server.behaviour = () => new Promise<Response>(() => {});
    const source = start(server, "flags.json");
    await until("a request", () => server.requests.length > 0);
    expect(await source.stop()).toBeUndefined();
    expect(source.failures).toEqual([]);
  });
});

test("a hung storage is given up and looked at again", async () => {
  using server = new DocumentServer();
  server.behaviour = () => new Promise<Response>(() => {});
  await using source = run("gcs", "gs://b/o.json", { STORAGE_EMULATOR_HOST: server.url }, 300);
  await source.fails("the server sent nothing within 0.3 s");
  server.behaviour = () => undefined;
  await source.delivers(server.document);
});

describe("credentials of AWS", () => {
  const temporary = {
    AccessKeyId: "temporary",
    SecretAccessKey: "pass",
    Token: "session",
    Expiration: new Date(Date.now() + 3_600_000).toISOString(),
  };
  const guarded = () => {
    const server = new DocumentServer();
    server.behaviour = (request) =>
      isPresigned(request, "pass") &&
      new URL(request.url).searchParams.get("X-Amz-Security-Token") === "session"
        ? undefined
        : new Response(null, { status: 403 });
    return server;
  };
  const start = (server: DocumentServer, env: Record<string, string>) =>
    run("s3", `s3://flags/f.json?endpoint=${server.url}`, env);

  test("come from a container's endpoint, once for all polls", async () => {
    using endpoint = new DocumentServer();
    endpoint.document = JSON.stringify(temporary);
    using server = guarded();
    writeFileSync(join(folder, "pod-token"), "pod");
    await using source = start(server, {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${endpoint.url}/creds`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: join(folder, "pod-token"),
    });
    await source.delivers(server.document);
    await source.finds();
    expect(endpoint.header("authorization")).toEqual(["pod"]);
  });

  test("that are no longer taken are replaced", async () => {
    using endpoint = new DocumentServer();
    endpoint.document = JSON.stringify(temporary);
    using server = guarded();
    const { behaviour } = server;
    await using source = start(server, {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${endpoint.url}/creds`,
    });
    await source.finds();
    server.behaviour = () => new Response(null, { status: 403 });
    await source.fails("the server responded with 403");
    server.behaviour = behaviour;
    await source.finds();
    expect(endpoint.requests.length).toBeGreaterThan(1);
  });

  test("come from a web identity", async () => {
    using sts = new DocumentServer();
    sts.document = `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>${Object.entries(
      temporary,
    )
      .map(([name, value]) => [name === "Token" ? "SessionToken" : name, value])
      .map(([name, value]) => `<${name}>${value}</${name}>`)
      .join(
        "",
      )}</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`;
    using server = guarded();
    writeFileSync(join(folder, "web-token"), "jwt");
    await using source = start(server, {
      AWS_WEB_IDENTITY_TOKEN_FILE: join(folder, "web-token"),
      AWS_ROLE_ARN: "arn:aws:iam::1:role/flags",
      AWS_ENDPOINT_URL_STS: sts.url,
    });
    await source.delivers(server.document);
    const form = new URLSearchParams(sts.requests[0]?.body);
    expect(form.get("WebIdentityToken")).toBe("jwt");
    expect(form.get("RoleArn")).toBe("arn:aws:iam::1:role/flags");
  });

  test("come from the instance", async () => {
    using imds = new DocumentServer();
    imds.behaviour = (request) => {
      if (request.method === "PUT") return new Response("key");
      if (request.headers.get("x-aws-ec2-metadata-token") !== "key") {
        return new Response(null, { status: 401 });
      }
      return request.url.endsWith("/security-credentials/")
        ? new Response("flag-role")
        : request.url.endsWith("/security-credentials/flag-role")
          ? Response.json(temporary)
          : new Response(null, { status: 404 });
    };
    using server = guarded();
    await using source = start(server, { AWS_EC2_METADATA_SERVICE_ENDPOINT: imds.url });
    await source.delivers(server.document);
  });

  test("and the region come from a profile, unless the URI or a variable names a region", async () => {
    using server = new DocumentServer();
    const config = join(folder, "config");
    const keys = "aws_access_key_id = me\naws_secret_access_key = pass";
    writeFileSync(config, `[profile far]\nregion = ap-south-2\n${keys}\n`);
    const env = { AWS_CONFIG_FILE: config, AWS_PROFILE: "far" };
    const regionOf = async (query: string, variables: Record<string, string>) => {
      const uri = `s3://flags/f.json?endpoint=${server.url}${query}`;
      await using source = run("s3", uri, variables);
      await source.delivers(server.document);
      const { searchParams } = new URL(server.requests.at(-1)?.request.url ?? "");
      return searchParams.get("X-Amz-Credential")?.split("/")[2];
    };
    expect(await regionOf("", env)).toBe("ap-south-2");
    expect(await regionOf("&region=eu-west-3", env)).toBe("eu-west-3");
    expect(await regionOf("", { ...env, AWS_REGION: "us-west-2" })).toBe("us-west-2");
    expect(await regionOf("", s3)).toBe("eu-west-1");
  });

  test("are not needed for anonymous access", async () => {
    using server = new DocumentServer();
    const uri = `s3://flags/f.json?anonymous=true&endpoint=${server.url}`;
    await using source = run("s3", uri, {});
    await source.delivers(server.document);
    expect(new URL(server.requests[0]?.request.url ?? "").search).toBe("");
  });

  test("that are nowhere are said to be missing", async () => {
    await using source = run("s3", "s3://flags/f.json", { AWS_EC2_METADATA_DISABLED: "true" });
    expect(String(await source.ended)).toContain("set AWS_ACCESS_KEY_ID");
  });
});

describe("credentials of Google", () => {
  /** The real service's address cannot be replaced, so only the token's side is looked at. */
  const askForToken = async (env: Record<string, string>, server: DocumentServer) => {
    server.behaviour = () => Response.json({ error: "invalid_grant" }, { status: 400 });
    await using source = run("gcs", "gs://flags/f.json", env);
    const error = String(await source.ended);
    expect(error).toContain("responded with 400 (invalid_grant)");
    return server.requests[0];
  };

  test("of a workload identity are exchanged at its token server", async () => {
    using server = new DocumentServer();
    const tokenFile = join(folder, "subject-token");
    const file = join(folder, "external-account.json");
    writeFileSync(tokenFile, "jwt-1");
    writeFileSync(
      file,
      JSON.stringify({
        type: "external_account",
        audience:
          "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
        subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
        token_url: `${server.url}/token`,
        credential_source: { file: tokenFile },
      }),
    );
    const asked = await askForToken({ GOOGLE_APPLICATION_CREDENTIALS: file }, server);
    const form = new URLSearchParams(asked?.body);
    expect(form.get("grant_type")).toBe("urn:ietf:params:oauth:grant-type:token-exchange");
    expect(form.get("subject_token")).toBe("jwt-1");
  });

  test("come from the metadata server if there is no file", async () => {
    using server = new DocumentServer();
    server.behaviour = ({ url }) =>
      Response.json(url.includes("/token") ? { access_token: "t", expires_in: 3599 } : {}, {
        headers: { "metadata-flavor": "Google" },
      });
    const host = new URL(server.url).host;
    await using _source = run("gcs", "gs://flags/f.json", { GCE_METADATA_HOST: host });
    const asked = () => server.requests.find(({ request }) => request.url.includes("/token"));
    await until("a request for a token", asked);
    expect(asked()?.request.headers.get("metadata-flavor")).toBe("Google");
  });

  test.each([
    ["missing", undefined, "GOOGLE_APPLICATION_CREDENTIALS"],
    ["no JSON", "{", "are not JSON"],
  ])("in a file that is %s are fatal and named", async (what, content, reason) => {
    const file = join(folder, `${what}.json`);
    if (content) writeFileSync(file, content);
    await using source = run("gcs", "gs://b/o.json", { GOOGLE_APPLICATION_CREDENTIALS: file });
    expect(String(await source.ended)).toContain(reason);
  });
});

describe("credentials of Azure", () => {
  const start = (server: DocumentServer, env: Record<string, string>) =>
    run("azblob", `azblob://flags/f.json?domain=${new URL(server.url).host}&localemu=1`, env);

  test("may be a connection string", async () => {
    using server = new DocumentServer();
    server.behaviour = (request) =>
      isSignedForAzure(request, "acme", accountKey)
        ? undefined
        : new Response(null, { status: 403 });
    const endpoint = `BlobEndpoint=${server.url}/acme`;
    await using source = run("azblob", "azblob://flags/f.json", {
      AZURE_STORAGE_CONNECTION_STRING: `AccountName=acme;AccountKey=${accountKey};${endpoint};`,
    });
    await source.delivers(server.document);
    expect(new URL(server.requests[0]?.request.url ?? "").pathname).toBe("/acme/flags/f.json");
  });

  test("may be a shared access signature", async () => {
    using server = new DocumentServer();
    await using source = start(server, {
      AZURE_STORAGE_ACCOUNT: "acme",
      AZURE_STORAGE_SAS_TOKEN: "?sv=2021&sig=a%2Bb",
    });
    await source.delivers(server.document);
    expect(new URL(server.requests[0]?.request.url ?? "").search).toBe("?sv=2021&sig=a%2Bb");
    expect(server.header("authorization")[0]).toBeNull();
  });

  test("may be a managed identity", async () => {
    using imds = new DocumentServer();
    imds.document = '{"access_token":"t","expires_in":"3599"}';
    using server = new DocumentServer();
    await using source = start(server, {
      AZURE_STORAGE_ACCOUNT: "acme",
      AZURE_POD_IDENTITY_AUTHORITY_HOST: imds.url,
    });
    await source.delivers(server.document);
    expect(imds.header("metadata")[0]).toBe("true");
    expect(server.header("authorization")[0]).toBe("Bearer t");
  });
});
