/** One listener with TLS: protocols, versions, client certificates and reload. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConnectionOptions, connect, type PeerCertificate } from "node:tls";
import { createClient, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import type { ServerTls } from "../../src/core/tls/tls-material.ts";
import { Service } from "../../src/gen/flagd/evaluation/v1/evaluation_pb.ts";
import { type Certificates, makeCertificates } from "../support/certificates.ts";
import { type EchoServer, startEchoServer } from "../support/echo-server.ts";
import { converse } from "../support/raw-client.ts";
import { until } from "../support/until.ts";

let certificates: Certificates;
const undo: (() => unknown)[] = [];

beforeAll(() => {
  certificates = makeCertificates();
});
afterAll(() => certificates.remove());
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

const serverFiles = (): ServerTls => ({
  certPath: certificates.server.cert,
  keyPath: certificates.server.key,
});

async function start(tls: ServerTls, certificateCheckMs = 60_000): Promise<EchoServer> {
  const server = await startEchoServer({ tls }, { headersMs: 500, certificateCheckMs });
  undo.push(() => server.listener.drain(0));
  return server;
}

const trusted = (): ConnectionOptions => ({ ca: readFileSync(certificates.ca.cert) });

function echo(transport: Transport): Promise<string> {
  const client = createClient(Service, transport);
  return client.resolveString({ flagKey: "safe" }).then((answer) => answer.value);
}

/** The certificate that the server shows, or the error of the handshake. */
function handshake(port: number, options: ConnectionOptions = trusted()) {
  return new Promise<{ certificate: PeerCertificate; protocol: string | null; alpn: unknown }>(
    (resolve, reject) => {
      const socket = connect({ port, host: "localhost", ...options }, () => {
        const certificate = socket.getPeerCertificate();
        resolve({ certificate, protocol: socket.getProtocol(), alpn: socket.alpnProtocol });
        socket.destroy();
      });
      socket.on("error", reject);
    },
  );
}

test.each([
  ["gRPC", createGrpcTransport],
  ["gRPC-web over HTTP/1.1", (o: Options) => createGrpcWebTransport({ ...o, httpVersion: "1.1" })],
  ["Connect over HTTP/1.1", (o: Options) => createConnectTransport({ ...o, httpVersion: "1.1" })],
  ["Connect over HTTP/2", (o: Options) => createConnectTransport({ ...o, httpVersion: "2" })],
])("%s is served", async (_name, make) => {
  const { port } = await start(serverFiles());
  const transport = make({ baseUrl: `https://localhost:${port}`, nodeOptions: trusted() });
  expect(await echo(transport)).toBe("safe");
});
type Options = { baseUrl: string; nodeOptions: ConnectionOptions };

test("h2 is preferred over http/1.1", async () => {
  const { port } = await start(serverFiles());
  const offer = (...ALPNProtocols: string[]) => handshake(port, { ...trusted(), ALPNProtocols });
  expect((await offer("http/1.1", "h2")).alpn).toBe("h2");
  expect((await offer("http/1.1")).alpn).toBe("http/1.1");
});

test("TLS 1.2 is the least", async () => {
  const { port } = await start(serverFiles());
  const atMost = (maxVersion: "TLSv1.1" | "TLSv1.2") =>
    handshake(port, { ...trusted(), minVersion: "TLSv1", maxVersion });
  expect((await atMost("TLSv1.2")).protocol).toBe("TLSv1.2");
  await expect(atMost("TLSv1.1")).rejects.toThrow();
});

test("a plaintext request and a silent client are closed, and the log gives a hint", async () => {
  const { port, log } = await start(serverFiles());
  expect((await converse(port, ["GET / HTTP/1.1\r\nHost: a\r\n\r\n"])).closed).toBe(true);
  await until("the hint", () => log.some(({ message }) => message.includes("plaintext request")));
  expect((await converse(port, [])).closed).toBe(true);
  expect((await handshake(port)).certificate.subject.CN).toBe("server");
});

describe("client certificates", () => {
  const files = (): ServerTls => ({ ...serverFiles(), clientCaPath: certificates.ca.cert });
  const withPair = (pair: { cert: string; key: string }): ConnectionOptions => ({
    ...trusted(),
    cert: readFileSync(pair.cert),
    key: readFileSync(pair.key),
  });
  const call = (port: number, nodeOptions: ConnectionOptions) =>
    echo(createGrpcTransport({ baseUrl: `https://localhost:${port}`, nodeOptions }));

  test("of the CA are let in, others and none are refused", async () => {
    const { port } = await start(files());
    expect(await call(port, withPair(certificates.client))).toBe("safe");
    await expect(call(port, withPair(certificates.foreign))).rejects.toThrow();
    await expect(call(port, trusted())).rejects.toThrow();
  });
});

describe("certificate files", () => {
  function copies(): { folder: string; files: ServerTls } {
    const folder = mkdtempSync(join(tmpdir(), "flagd-tls-"));
    undo.push(() => rmSync(folder, { recursive: true }));
    const files = { certPath: join(folder, "tls.crt"), keyPath: join(folder, "tls.key") };
    copyFileSync(certificates.server.cert, files.certPath);
    copyFileSync(certificates.server.key, files.keyPath);
    return { folder, files };
  }

  test("are read again when they change; what cannot be used is not", async () => {
    const { files } = copies();
    const { port, log } = await start(files, 20);
    expect((await handshake(port)).certificate.subject.CN).toBe("server");

    writeFileSync(files.certPath, readFileSync(certificates.wrongHost.cert));
    await until("a warning", () => log.some(({ message }) => message.includes("cannot be used")));
    expect((await handshake(port)).certificate.subject.CN).toBe("server");

    writeFileSync(files.keyPath, readFileSync(certificates.wrongHost.key));
    const anyHost = { ...trusted(), checkServerIdentity: () => undefined };
    await until("the new certificate", async () => {
      const { certificate } = await handshake(port, anyHost);
      return certificate.subject.CN === "wrong-host";
    });
    expect(
      await echo(
        createGrpcTransport({
          baseUrl: `https://localhost:${port}`,
          nodeOptions: anyHost,
        }),
      ),
    ).toBe("safe");
  });

  test("are used again when their folder is back", async () => {
    const { folder, files } = copies();
    const { port, log } = await start(files, 20);
    renameSync(folder, `${folder}-away`);
    writeFileSync(folder, "in its place");
    await until("a warning", () => log.some(({ message }) => message.includes("cannot be used")));
    expect((await handshake(port)).certificate.subject.CN).toBe("server");
    rmSync(folder);
    renameSync(`${folder}-away`, folder);
    await until("the folder", () => log.some(({ message }) => message.includes("reloaded")));
  });

  test.each([
    [
      "a missing certificate",
      "certPath",
      undefined,
      /cannot read .*tls.crt \(server certificate\)/,
    ],
    ["a missing key", "keyPath", undefined, /cannot read .*tls.key \(server key\)/],
    [
      "a certificate that is none",
      "certPath",
      "rubbish",
      /tls.crt \(server certificate\) does not contain a PEM certificate/,
    ],
    [
      "a key that is none",
      "keyPath",
      "rubbish",
      /tls.key \(server key\) does not contain a PEM private key/,
    ],
  ] as const)("%s is an error that names the file", async (_what, path, content, message) => {
    const { files } = copies();
    if (content === undefined) rmSync(files[path]);
    else writeFileSync(files[path], content);
    await expect(start(files)).rejects.toThrow(message);
  });

  test("that do not belong together are an error that names both", async () => {
    const { files } = copies();
    copyFileSync(certificates.client.key, files.keyPath);
    await expect(start(files)).rejects.toThrow(
      /tls.key \(server key\) does not match the certificate .*tls.crt/,
    );
  });

  test("of a client CA are checked, too", async () => {
    const { files } = copies();
    await expect(start({ ...files, clientCaPath: files.keyPath })).rejects.toThrow(
      /tls.key \(client CA\) does not contain a PEM certificate/,
    );
  });
});
