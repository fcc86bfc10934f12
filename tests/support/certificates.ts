/**
 * Certificates for TLS tests, made by the openssl command in a folder of their own.
 *
 * `ca` signs `server` (localhost, 127.0.0.1, ::1), `client`, `expired` (localhost, ended years ago)
 * and `wrongHost` (another name); `foreignCa` is a CA that signed `foreign` (localhost) only.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Paths of PEM files. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

export interface Certificates {
  readonly folder: string;
  readonly ca: KeyPair;
  readonly foreignCa: KeyPair;
  readonly server: KeyPair;
  readonly client: KeyPair;
  readonly expired: KeyPair;
  readonly wrongHost: KeyPair;
  readonly foreign: KeyPair;
  /** Another one of `ca`, for servers of these names. */
  issue(hosts: readonly string[]): KeyPair;
  remove(): void;
}

const local = "DNS:localhost,IP:127.0.0.1,IP:::1";

/** Takes about a quarter of a second; call `remove()` when done. */
export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), "flagd-certificates-"));
  const file = (name: string) => join(folder, name);
  const pair = (name: string): KeyPair => ({ cert: file(`${name}.crt`), key: file(`${name}.key`) });

  const newKey = (key: string) =>
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key);

  const authority = (name: string): KeyPair => {
    const made = pair(name);
    newKey(made.key);
    openssl(
      ...["req", "-x509", "-new", "-key", made.key, "-out", made.cert],
      ...["-subj", `/CN=${name}`, "-days", "3650"],
      ...["-addext", "basicConstraints=critical,CA:TRUE"],
      ...["-addext", "keyUsage=critical,keyCertSign,cRLSign"],
    );
    return made;
  };

  const issue = (name: string, by: KeyPair, names: string, period?: [string, string]): KeyPair => {
    const made = pair(name);
    newKey(made.key);
    const request = file(`${name}.csr`);
    openssl("req", "-new", "-key", made.key, "-out", request, "-subj", `/CN=${name}`);
    const extensions = file(`${name}.ext`);
    writeFileSync(
      extensions,
      [
        "basicConstraints=CA:FALSE",
        "keyUsage=critical,digitalSignature",
        "extendedKeyUsage=serverAuth,clientAuth",
        `subjectAltName=${names}`,
      ].join("\n"),
    );
    if (period) {
      // Only `openssl ca` takes a past period, and it wants its own book-keeping.
      const index = file(`${name}.index`);
      writeFileSync(index, "");
      const config = file(`${name}.cnf`);
      writeFileSync(
        config,
        `[ca]\ndefault_ca=d\n[d]\ndatabase=${index}\nnew_certs_dir=${folder}\nrand_serial=yes\n` +
          "default_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n",
      );
      openssl(
        ...["ca", "-batch", "-notext", "-config", config, "-extfile", extensions],
        ...["-cert", by.cert, "-keyfile", by.key, "-in", request, "-out", made.cert],
        ...["-startdate", period[0], "-enddate", period[1]],
      );
    } else {
      openssl(
        ...["x509", "-req", "-in", request, "-CA", by.cert, "-CAkey", by.key, "-days", "3650"],
        ...["-CAcreateserial", "-extfile", extensions, "-out", made.cert],
      );
    }
    return made;
  };

  const ca = authority("flagd-test-ca");
  const foreignCa = authority("flagd-foreign-ca");
  return {
    folder,
    ca,
    foreignCa,
    server: issue("server", ca, local),
    client: issue("client", ca, "DNS:client.example"),
    expired: issue("expired", ca, local, ["20200101000000Z", "20200201000000Z"]),
    wrongHost: issue("wrong-host", ca, "DNS:elsewhere.example"),
    foreign: issue("foreign", foreignCa, local),
    issue: (hosts) =>
      issue(`hosts-${Bun.hash(hosts.join())}`, ca, hosts.map((host) => `DNS:${host}`).join()),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function openssl(...args: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(["openssl", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (exitCode !== 0) throw new Error(`openssl ${args[0]} failed:\n${stderr.toString()}`);
}
