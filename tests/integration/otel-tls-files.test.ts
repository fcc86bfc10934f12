import { afterAll, expect, test } from "bun:test";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TlsFiles } from "../../src/telemetry/otel/tls-files.ts";
import { makeCertificates } from "../support/certificates.ts";

const folder = mkdtempSync(join(tmpdir(), "flagd-otel-tls-"));
const certificates = makeCertificates();
afterAll(() => {
  certificates.remove();
  rmSync(folder, { recursive: true, force: true });
});

test("files are read again after the interval; unusable ones leave the old ones in use", () => {
  const paths = { certPath: join(folder, "client.crt"), keyPath: join(folder, "client.key") };
  const write = ({ cert, key }: { cert: string; key: string }) => {
    copyFileSync(cert, paths.certPath);
    copyFileSync(key, paths.keyPath);
  };
  const { client, server } = certificates;
  let now = 0;
  write(client);
  const files = new TlsFiles(paths, 1_000, () => now);
  const first = files.current;
  expect(first.key).toBe(readFileSync(client.key, "utf8"));

  now = 1_000;
  expect(files.current).toBe(first);
  write(server);
  now = 1_999;
  expect(files.current).toBe(first);
  now = 2_000;
  const second = files.current;
  expect(second.key).toBe(readFileSync(server.key, "utf8"));

  writeFileSync(paths.keyPath, "half of a fi");
  now = 9_000;
  expect(files.current).toBe(second);
  copyFileSync(client.cert, paths.certPath);
  copyFileSync(server.key, paths.keyPath);
  now = 19_000;
  expect(files.current).toBe(second);
});

test("a file that is not there or no PEM is named, with its option", () => {
  const caPath = join(folder, "ca.pem");
  const missing = `cannot read ${caPath} (--otel-ca-path)`;
  expect(() => new TlsFiles({ caPath }, 0)).toThrow(missing);
  writeFileSync(caPath, "no certificate");
  const wrong = `${caPath} (--otel-ca-path) does not contain a PEM certificate`;
  expect(() => new TlsFiles({ caPath }, 0)).toThrow(wrong);
});

test("a CA is trusted beside the system's", () => {
  const { ca = "" } = new TlsFiles({ caPath: certificates.ca.cert }, 0).current;
  expect(ca).toContain(readFileSync(certificates.ca.cert, "utf8"));
  expect(ca.split("-----BEGIN CERTIFICATE-----").length).toBeGreaterThan(50);
});
