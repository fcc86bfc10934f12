/**
 * A program for connectconformance: serves the conformance service by flagd's own transport. With
 * `--fast-path`, gRPC calls take the fast path if there is one.
 *
 * Reads one ServerCompatRequest from stdin, listens, writes one ServerCompatResponse to stdout, each
 * after its length in four bytes, and ends on SIGTERM.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { ServerTls } from "../../../src/core/tls/tls-material.ts";
import { listen } from "../../../src/transport/listen.ts";
import { rememberingLog } from "../../support/remembering-log.ts";
import { serverStream, unary } from "./fast-path.ts";
import {
  type ServerCompatRequest,
  ServerCompatRequestSchema,
  ServerCompatResponseSchema,
} from "./messages.ts";
import { routes } from "./routes.ts";

const request = fromBinary(ServerCompatRequestSchema, await readDelimited());
const folder = mkdtempSync(join(tmpdir(), "flagd-conformance-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
const tls = request.useTls ? writeTlsFiles(request) : undefined;

const listener = await listen({
  name: "conformance",
  address: { host: "127.0.0.1", port: 0 },
  ...(tls && { tls }),
  routes: async () => routes,
  ...(process.argv.includes("--fast-path") && { unary: [unary], streams: [serverStream] }),
  web: true,
  corsOrigins: [],
  maxRequestBody: request.messageReceiveLimit,
  maxRequestHeader: 1 << 20,
  log: rememberingLog(),
});

process.once("SIGTERM", async () => {
  await listener.drain(0);
  process.exit(0);
});

if (!("port" in listener.address)) throw new Error("no port");
const response = create(ServerCompatResponseSchema, {
  host: "127.0.0.1",
  port: listener.address.port,
  ...(request.useTls && request.serverCreds && { pemCert: request.serverCreds.cert }),
});
writeDelimited(toBinary(ServerCompatResponseSchema, response));

async function readDelimited(): Promise<Uint8Array> {
  let bytes = Buffer.alloc(0);
  for await (const chunk of Bun.stdin.stream()) {
    bytes = Buffer.concat([bytes, chunk]);
    if (bytes.length >= 4 && bytes.length >= 4 + bytes.readUInt32BE(0)) break;
  }
  return bytes.subarray(4, 4 + bytes.readUInt32BE(0));
}

function writeDelimited(message: Uint8Array): void {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.length);
  process.stdout.write(Buffer.concat([length, message]));
}

function writeTlsFiles({ serverCreds, clientTlsCert }: ServerCompatRequest): ServerTls {
  const write = (name: string, content: Uint8Array = new Uint8Array(0)): string => {
    const path = join(folder, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  return {
    certPath: write("server.crt", serverCreds?.cert),
    keyPath: write("server.key", serverCreds?.key),
    ...(clientTlsCert.length > 0 && { clientCaPath: write("client-ca.crt", clientTlsCert) }),
  };
}
