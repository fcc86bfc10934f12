import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ConfigError } from "../../../../src/core/errors.ts";
import type { Environment } from "../../../../src/core/process-info.ts";
import { azureAccount } from "../../../../src/sources/blob/azure-bucket.ts";
import { encodeKey, parseBlobUri } from "../../../../src/sources/blob/blob-location.ts";
import { gcsBucket } from "../../../../src/sources/blob/gcs-bucket.ts";
import { s3Bucket } from "../../../../src/sources/blob/s3-bucket.ts";
import { WebClient } from "../../../../src/sources/web/web-client.ts";
import { FakeClock } from "../../../support/fake-clock.ts";

describe("a blob URI", () => {
  test("names a bucket, an object and options", () => {
    expect(
      parseBlobUri("s3://b/a%20b/c.json?region=x&endpoint=http%3A%2F%2Fh", "s3", {
        region: "text",
        endpoint: "text",
      }),
    ).toEqual({
      bucket: "b",
      key: "a b/c.json",
      options: { region: "x", endpoint: "http://h" },
    });
  });

  test.each([
    ["s3:///o", "no bucket string set"],
    ["s3://b", "no object string set"],
    ["s3://b/", "no object string set"],
    ["gs://b/o", "expected s3://bucket/object"],
    ["s3://b/o?secret=1", 'unknown option "secret", expected one of region'],
    ["s3://b/o?anonymous=yes", "the option anonymous must be true or false"],
    ["s3://b/%zz", "invalid percent-encoding"],
    ["s3://b^/o", "invalid bucket name"],
    [
      "s3://id:s3cret@b/o",
      'source "s3://***@b/o": the URI of a bucket must not contain credentials',
    ],
  ])("%s is refused: %s", (uri, reason) => {
    expect(() => parseBlobUri(uri, "s3", { region: "text", anonymous: "boolean" })).toThrow(reason);
    expect(() => parseBlobUri(uri, "s3", { region: "text", anonymous: "boolean" })).toThrow(
      ConfigError,
    );
  });

  test("any object can be named", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: "grapheme" }), (key) => {
        expect(parseBlobUri(`gs://b/${encodeKey(key)}`, "gs", {}).key).toBe(key);
      }),
    );
  });
});

describe("the address of an S3 object", () => {
  // The AWS SDK reads the variables of the process.
  const own = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret" };
  const before = { ...process.env };
  beforeAll(() => {
    Object.assign(process.env, own);
  });
  afterAll(() => {
    for (const name of Object.keys(own)) delete process.env[name];
    Object.assign(process.env, before);
  });
  test.each<[string, Environment, string]>([
    ["s3://b/o.json", {}, "https://b.s3.us-east-1.amazonaws.com/o.json"],
    ["s3://b/o", { AWS_REGION: "eu-west-1" }, "https://b.s3.eu-west-1.amazonaws.com/o"],
    ["s3://b/o?region=cn-north-1", {}, "https://b.s3.cn-north-1.amazonaws.com.cn/o"],
    ["s3://b.c/o", {}, "https://s3.us-east-1.amazonaws.com/b.c/o"],
    ["s3://b/b/o", {}, "https://b.s3.us-east-1.amazonaws.com/b/o"],
    ["s3://b/o?use_path_style=true", {}, "https://s3.us-east-1.amazonaws.com/b/o"],
    [
      "s3://b/o?endpoint=minio:9000&disable_https=true&s3ForcePathStyle=true",
      {},
      "http://minio:9000/b/o",
    ],
    ["s3://b/o", { AWS_ENDPOINT_URL_S3: "http://127.0.0.1:9000" }, "http://127.0.0.1:9000/b/o"],
    ["s3://b/o", { AWS_ENDPOINT_URL: "https://store.example" }, "https://b.store.example/o"],
  ])("%s is %j: %s", async (uri, env, address) => {
    const dependencies = { client: new WebClient(), clock: new FakeClock() };
    for (const [suffix, signed] of [
      ["", true],
      ["anonymous=true", false],
    ] as const) {
      const full = suffix ? `${uri}${uri.includes("?") ? "&" : "?"}${suffix}` : uri;
      const bucket = s3Bucket(full, { ...dependencies, env });
      const { url } = await bucket.request({}, new AbortController().signal);
      expect(url.origin + url.pathname).toBe(address);
      expect(url.searchParams.has("X-Amz-Signature")).toBe(signed);
    }
  });
});

test("an emulator of Google's storage that is no host is refused", () => {
  const env = { STORAGE_EMULATOR_HOST: "a b" };
  const dependencies = { client: new WebClient(), clock: new FakeClock(), env };
  expect(() => gcsBucket("gs://b/o", dependencies)).toThrow(
    new ConfigError("environment variable STORAGE_EMULATOR_HOST is not a host or an http URL"),
  );
});

describe("an Azure account", () => {
  const AZURE_STORAGE_ACCOUNT = "acme";
  test.each<[Environment, Record<string, string>, string]>([
    [{ AZURE_STORAGE_ACCOUNT }, {}, "https://acme.blob.core.windows.net"],
    [{ AZURE_STORAGE_ACCOUNT }, { domain: "blob.example" }, "https://acme.blob.example"],
    [{ AZURE_STORAGE_ACCOUNT }, { localemu: "true" }, "http://127.0.0.1:10000/acme"],
    [
      { AZURE_STORAGE_CONNECTION_STRING: "AccountName=acme;EndpointSuffix=core.chinacloudapi.cn" },
      {},
      "https://acme.blob.core.chinacloudapi.cn",
    ],
  ])("of %j and %j is at %s", (env, options, endpoint) => {
    expect(azureAccount(env, options)).toMatchObject({ account: "acme", endpoint });
  });

  test("keeps the equals signs of its key", () => {
    const AZURE_STORAGE_CONNECTION_STRING = "AccountName=acme;AccountKey=YWI9PQ==;";
    expect(azureAccount({ AZURE_STORAGE_CONNECTION_STRING }, {}).key).toBe("YWI9PQ==");
  });

  test.each<[Environment, string]>([
    [{}, "set AZURE_STORAGE_ACCOUNT to the name"],
    [{ AZURE_STORAGE_ACCOUNT: "a b" }, "set AZURE_STORAGE_ACCOUNT to the name"],
    [{ AZURE_STORAGE_ACCOUNT, AZURE_STORAGE_KEY: "s3cret!" }, "AZURE_STORAGE_KEY is not base64"],
  ])("of %j is refused: %s", (env, reason) => {
    expect(() => azureAccount(env, {})).toThrow(reason);
  });
});
