import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TlsFiles } from "../../../../src/telemetry/otel/tls-files.ts";

const folder = mkdtempSync(join(tmpdir(), "flagd-otel-tls-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const pem = (text: string) => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`;

test("files are read again after the interval; unusable ones leave the old ones in use", () => {
  const keyPath = join(folder, "key.pem");
  let now = 0;
  writeFileSync(keyPath, pem("one"));
  const files = new TlsFiles({ keyPath }, 1_000, () => now);
  const first = files.current;
  expect(first.key).toBe(pem("one"));

  now = 1_000;
  expect(files.current).toBe(first);
  writeFileSync(keyPath, pem("two"));
  now = 1_999;
  expect(files.current).toBe(first);
  now = 2_000;
  const second = files.current;
  expect(second.key).toBe(pem("two"));

  writeFileSync(keyPath, "half of a fi");
  now = 9_000;
  expect(files.current).toBe(second);
});

test("a file that is not there or no PEM is named", () => {
  const caPath = join(folder, "ca.pem");
  expect(() => new TlsFiles({ caPath }, 0)).toThrow(caPath);
  writeFileSync(caPath, "no certificate");
  expect(() => new TlsFiles({ caPath }, 0)).toThrow(`${caPath} is not a PEM file`);
});

test("a CA is trusted beside the system's", () => {
  const caPath = join(folder, "ca.pem");
  writeFileSync(caPath, pem("own"));
  const { ca = "" } = new TlsFiles({ caPath }, 0).current;
  expect(ca).toContain(pem("own"));
  expect(ca.split("-----BEGIN CERTIFICATE-----").length).toBeGreaterThan(50);
});
