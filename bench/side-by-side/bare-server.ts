/**
 * A server of Bun's `node:net` and `node:tls` that knows nothing but its answer: what requests cost in this runtime
 * beside anything that a server does for them. Run as a process of its own by {@link startBareServer}.
 */
import { readFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { frame, frameType, headerBlock } from "../../tests/support/raw-client.ts";

export interface BareServer {
  readonly http: 1 | 2;
  readonly port: number;
  readonly tlsPort: number;
  /** PEM files. */
  readonly certPath: string;
  readonly keyPath: string;
  /** Body of an answer, or a message of gRPC. */
  readonly answer: string;
}

const [endStream, endHeaders] = [1, 4];
const headerBytes = 9;
const openWindow = Buffer.from([0x3f, 0xff, 0xff, 0xff]);

/** One request in each piece that is received: its clients wait for an answer. */
function http1(answer: string): (socket: Socket) => void {
  const head = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${answer.length}\r\n\r\n`;
  const bytes = Buffer.from(head + answer);
  return (socket) => {
    socket.on("data", (request: Buffer) => {
      if (request.includes("Connection: close")) socket.end(bytes);
      else socket.write(bytes);
    });
  };
}

/** Answers the end of every request, and reads nothing else. */
function grpc(answer: string): (socket: Socket) => void {
  const message = Buffer.alloc(5 + answer.length);
  message.writeUInt32BE(answer.length, 1);
  message.write(answer, 5);
  const head = headerBlock({ ":status": "200", "content-type": "application/grpc" });
  const pieces = [
    frame(frameType.headers, endHeaders, 0, head),
    frame(frameType.data, 0, 0, message),
    frame(frameType.headers, endHeaders | endStream, 0, headerBlock({ "grpc-status": "0" })),
  ];
  const whole = Buffer.concat(pieces);
  const starts: number[] = [];
  let start = 0;
  for (const piece of pieces) {
    starts.push(start);
    start += piece.length;
  }
  return (socket) => {
    let rest: Buffer = Buffer.alloc(0);
    socket.write(
      Buffer.concat([
        frame(frameType.settings, 0, 0),
        frame(frameType.settings, 1, 0),
        frame(frameType.windowUpdate, 0, 0, openWindow),
      ]),
    );
    let at = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".length;
    socket.on("data", (chunk: Buffer) => {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const ended: number[] = [];
      while (bytes.length - at >= headerBytes) {
        const end = at + headerBytes + bytes.readUIntBE(at, 3);
        if (end > bytes.length) break;
        const data = bytes[at + 3] === frameType.data;
        if (data && ((bytes[at + 4] ?? 0) & endStream) !== 0)
          ended.push(bytes.readUInt32BE(at + 5));
        at = end;
      }
      rest = bytes.subarray(at);
      at = 0;
      if (ended.length === 0) return;
      const out = Buffer.allocUnsafe(ended.length * whole.length);
      for (const [n, stream] of ended.entries()) {
        out.set(whole, n * whole.length);
        for (const start of starts) {
          out.writeUInt32BE(stream, n * whole.length + start + 5);
        }
      }
      socket.write(out);
    });
  };
}

if (import.meta.main) {
  const options: BareServer = JSON.parse(process.argv[2] ?? "{}");
  const serve = options.http === 2 ? grpc(options.answer) : http1(options.answer);
  const accept = (socket: Socket) => {
    socket.setNoDelay(true);
    socket.on("error", () => socket.destroy());
    serve(socket);
  };
  const key = readFileSync(options.keyPath);
  const cert = readFileSync(options.certPath);
  createTlsServer({ key, cert, ALPNProtocols: options.http === 2 ? ["h2"] : [] }, accept)
    .on("tlsClientError", () => {})
    .listen(options.tlsPort, "127.0.0.1");
  createServer(accept).listen(options.port, "127.0.0.1");
}
