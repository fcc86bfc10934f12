import { afterAll, describe, expect, test } from "bun:test";
import { createPrivateKey } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadTls, type RedisTlsFiles } from "../../src/sources/redis/redis-address.ts";
import { RedisError } from "../../src/sources/redis/redis-errors.ts";
import { makeCertificates } from "../support/certificates.ts";

const { ca, client, server, folder, remove } = makeCertificates();
afterAll(remove);

const files = (more: RedisTlsFiles): RedisTlsFiles => ({ certPath: ca.cert, ...more });

test("the files' contents, for the client", async () => {
  const pair = { clientCertPath: client.cert, clientKeyPath: client.key };
  expect(await loadTls(files({ ...pair, serverName: "n" }))).toEqual({
    ca: readFileSync(ca.cert, "utf8"),
    allowPartialTrustChain: true,
    cert: readFileSync(client.cert, "utf8"),
    key: readFileSync(client.key, "utf8"),
    serverName: "n",
  });
});

test("without a CA the authorities of the system are trusted", async () => {
  const tls = await loadTls({});
  expect(tls.ca.length).toBeGreaterThan(10);
  expect(tls.ca[0]).toStartWith("-----BEGIN CERTIFICATE-----");
});

describe("a wrong file is named with its option, and permanent", () => {
  const pair = (clientCertPath: string, clientKeyPath: string) => ({
    clientCertPath,
    clientKeyPath,
  });
  const encrypted = join(folder, "encrypted.key");
  const cipher = { cipher: "aes-256-cbc", passphrase: "x", type: "pkcs8", format: "pem" } as const;
  writeFileSync(encrypted, createPrivateKey(readFileSync(client.key)).export(cipher));
  test.each([
    [
      "missing",
      { certPath: "/nowhere.pem" },
      "cannot read /nowhere.pem (certPath): there is no such file",
    ],
    [
      "a folder",
      { certPath: folder },
      `cannot read ${folder} (certPath): it is not a regular file`,
    ],
    ["no CA", { certPath: ca.key }, `${ca.key} (certPath) does not contain a PEM certificate`],
    [
      "no certificate",
      pair(client.key, client.key),
      "(clientCertPath) does not contain a PEM certificate",
    ],
    [
      "no key",
      pair(client.cert, client.cert),
      "(clientKeyPath) does not contain a PEM private key",
    ],
    [
      "a key that asks for a passphrase",
      pair(client.cert, encrypted),
      "(clientKeyPath) is encrypted",
    ],
    [
      "another's key",
      pair(client.cert, server.key),
      `${server.key} (clientKeyPath) does not match the certificate`,
    ],
  ])("%s", async (_, wrong, message) => {
    const error = await loadTls(files(wrong)).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(RedisError);
    expect(error).toMatchObject({ kind: "permanent" });
    expect(String(error)).toContain(message);
  });
});
