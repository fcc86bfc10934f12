/** Sends a request and puts the answer into a form in which two of them can be compared. */
import {
  type Client,
  type ClientUnaryCall,
  Metadata,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import type { Daemon } from "./daemon.ts";
import { exchange, type HttpAnswer } from "./http.ts";
import { decode, methods } from "./protocol.ts";
import type { Request } from "./request.ts";

export interface Answer {
  /** Of HTTP, or the name of a gRPC status. */
  readonly status: number | string;
  readonly headers: Readonly<Record<string, string>>;
  /** Text; protobuf as canonical JSON. */
  readonly body: string;
}

/**
 * Headers that say how a message travels, not what it means: its length is compared with the body,
 * a connection may end or not, and gRPC clients have no use for CORS.
 */
const ignored = new Set([
  "date",
  "content-length",
  "transfer-encoding",
  "connection",
  "keep-alive",
]);
const ignoredByGrpc = new Set([
  ...ignored,
  "vary",
  "access-control-allow-origin",
  "access-control-expose-headers",
  "grpc-accept-encoding",
]);

export async function ask(daemon: Daemon, request: Request): Promise<Answer> {
  if ("grpc" in request) {
    const client = request.port === "sync" ? daemon.sync : daemon.grpc;
    return unary(client, request.grpc);
  }
  const answer = await exchange(daemon.ports[request.port], request.http);
  const headers = Object.fromEntries(
    Object.entries(answer.headers)
      .filter(([name]) => !ignored.has(name))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
  return { status: answer.status, headers, body: bodyText(request.http.target, answer) };
}

function bodyText(target: string, { headers, body }: HttpAnswer): string {
  const plain =
    headers["content-encoding"] === "gzip" ? Bun.gunzipSync(body as Uint8Array<ArrayBuffer>) : body;
  const output = methods.get(target)?.output;
  const type = headers["content-type"] ?? "";
  if (output !== undefined && type === "application/proto") return decode(output, plain);
  if (output === undefined || !/^application\/(grpc-web|connect)\+/.test(type))
    return type.startsWith("application/json")
      ? compact(Buffer.from(plain).toString())
      : Buffer.from(plain).toString();
  return frames(Buffer.from(plain))
    .map(([flags, data]) =>
      flags === 0 && type.endsWith("+proto") ? decode(output, data) : `${flags} ${frameText(data)}`,
    )
    .join("\n");
}

/** JSON without blanks between its tokens: protobuf's Go library adds some at random. */
function compact(json: string): string {
  return json.replace(/("(?:[^"\\]|\\.)*")|\s+/g, "$1");
}

/** The lines of grpc-web's last frame come in any order. */
function frameText(data: Buffer): string {
  return data.toString().split("\r\n").sort().join("\r\n").trim();
}

function frames(bytes: Buffer): [flags: number, data: Buffer][] {
  const found: [number, Buffer][] = [];
  for (let at = 0; at + 5 <= bytes.length; ) {
    const end = at + 5 + bytes.readUInt32BE(at + 1);
    found.push([bytes[at] ?? 0, bytes.subarray(at + 5, end)]);
    at = end;
  }
  return found;
}

interface GrpcRequest {
  readonly path: string;
  readonly message: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

function unary(client: Client, { path, message, headers }: GrpcRequest): Promise<Answer> {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  const output = methods.get(path)?.output;
  return new Promise((resolve) => {
    const received: Record<string, string> = {};
    const note = (fields: Metadata) => {
      for (const [name, value] of Object.entries(fields.getMap())) {
        if (!ignoredByGrpc.has(name)) received[name] = String(value);
      }
    };
    const deadline = Date.now() + 10_000;
    const done = (error: ServiceError | null, value?: Buffer) => {
      if (error !== null) {
        note(error.metadata);
        const name = status[error.code] ?? `${error.code}`;
        resolve({ status: name, headers: received, body: error.details });
      } else {
        const body = output === undefined || value === undefined ? "" : decode(output, value);
        resolve({ status: "OK", headers: received, body });
      }
    };
    const call: ClientUnaryCall = client.makeUnaryRequest<Uint8Array, Buffer>(
      path,
      (bytes) => Buffer.from(bytes),
      (bytes) => bytes,
      message,
      metadata,
      { deadline },
      done,
    );
    call.on("metadata", note);
  });
}
