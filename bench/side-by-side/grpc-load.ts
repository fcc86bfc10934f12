/**
 * Unary gRPC load with bodies that differ, which h2load cannot send: so many calls at a time on each connection,
 * each answered call followed by the next. Run as a process of its own by {@link runGrpcLoad}.
 */
import { readFileSync } from "node:fs";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import {
  frame,
  frameType,
  grpcFields,
  headerBlock,
  preface,
} from "../../tests/support/raw-client.ts";

export interface GrpcLoad {
  readonly port: number;
  readonly path: string;
  readonly tls: boolean;
  readonly connections: number;
  readonly callsAtATime: number;
  readonly seconds: number;
  /** Base64 of framed messages. */
  readonly bodies: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Every call is part of a trace of its own, so that no two heads are the same. */
  readonly traced?: boolean;
  /** PEM files of a client's certificate. */
  readonly certificate?: { readonly cert: string; readonly key: string };
}

/** @returns how many calls were answered; a status is not looked at */
export async function runGrpcLoad(load: GrpcLoad): Promise<number> {
  const child = Bun.spawn([process.execPath, import.meta.path], {
    stdin: Buffer.from(JSON.stringify(load)),
    stdout: "pipe",
    stderr: "inherit",
  });
  const output = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new Error("the load generator failed");
  return Number(output);
}

const [endStream, endHeaders] = [1, 4];
const headerBytes = 9;
const maxStream = 0x7fff_ff00;

/** One connection, of which every answered call is followed by another. */
class Client {
  answered = 0;
  #stream = -1;
  #body: number;
  #rest: Buffer = Buffer.alloc(0);
  readonly #socket: Socket;
  readonly #head: (first: boolean) => Buffer;
  readonly #bodies: readonly Buffer[];

  constructor(load: GrpcLoad, bodies: readonly Buffer[], first: number) {
    this.#bodies = bodies;
    this.#body = first;
    this.#head = headerBlocks(load);
    const to = { port: load.port, host: "127.0.0.1" };
    this.#socket = load.tls
      ? connectTls({
          ...to,
          ...(load.certificate && {
            cert: readFileSync(load.certificate.cert),
            key: readFileSync(load.certificate.key),
          }),
          rejectUnauthorized: false,
          ALPNProtocols: ["h2"],
        })
      : connectTcp(to);
    this.#socket.setNoDelay(true);
    this.#socket.once(load.tls ? "secureConnect" : "connect", () => {
      const begin = [preface, frame(frameType.settings, 0, 0, Buffer.alloc(0)), window(1 << 30)];
      this.#socket.write(Buffer.concat([...begin, ...this.#calls(load.callsAtATime)]));
    });
    this.#socket.on("data", (chunk: Buffer) => this.#onData(chunk));
    this.#socket.on("error", (error) => {
      console.error(`${error}`);
      process.exit(1);
    });
  }

  #calls(count: number): Buffer[] {
    return Array.from({ length: count }, () => {
      const head = this.#head(this.#stream < 0);
      this.#stream += 2;
      if (this.#stream > maxStream) throw new Error("no stream is left");
      const body = this.#bodies[this.#body++ % this.#bodies.length] ?? Buffer.alloc(0);
      return Buffer.concat([
        frame(frameType.headers, endHeaders, this.#stream, head),
        frame(frameType.data, endStream, this.#stream, body),
      ]);
    });
  }

  #onData(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    let ended = 0;
    const out: Buffer[] = [];
    while (bytes.length - at >= headerBytes) {
      const end = at + headerBytes + bytes.readUIntBE(at, 3);
      if (end > bytes.length) break;
      const [type, flags = 0] = [bytes[at + 3], bytes[at + 4]];
      if (type === frameType.settings && (flags & 1) === 0) {
        out.push(frame(frameType.settings, 1, 0, Buffer.alloc(0)));
      } else if (type === frameType.headers || type === frameType.data) {
        ended += flags & endStream;
      } else if (type === frameType.reset || type === frameType.goAway) {
        throw new Error("the server refuses calls");
      }
      at = end;
    }
    this.#rest = bytes.subarray(at);
    this.answered += ended;
    out.push(...this.#calls(ended));
    if (out.length > 0) this.#socket.write(Buffer.concat(out));
  }
}

/**
 * The header blocks of a connection, made as encoders of HPACK do: each field is written once, and then named by its
 * place in the table (RFC 7541 §6.1, §6.2.1).
 */
function headerBlocks({ path, headers, traced }: GrpcLoad): (first: boolean) => Buffer {
  const fields = Object.entries(grpcFields(path, headers));
  const written = fields.map(([name, value]) => {
    const literal = headerBlock({ [name]: value });
    literal[0] = literalWithIndex;
    return literal;
  });
  const whole = Buffer.concat(written);
  const named = Buffer.from(fields.map((_, n) => indexed | (staticEntries + fields.length - n)));
  return (first) => {
    const block = first ? whole : named;
    return traced ? Buffer.concat([block, headerBlock({ traceparent: newTrace() })]) : block;
  };
}

const literalWithIndex = 0x40;
const indexed = 0x80;
const staticEntries = 61;

/** A traceparent that is not sampled. */
function newTrace(): string {
  const id = Math.random().toString(16).slice(2, 10).padEnd(8, "0");
  return `00-${id}cd43dd8448eb211c8${id.slice(0, 7)}-b7ad6b7169203331-00`;
}

function window(bytes: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(bytes);
  return frame(frameType.windowUpdate, 0, 0, payload);
}

if (import.meta.main) {
  const load: GrpcLoad = JSON.parse(await Bun.stdin.text());
  const bodies = load.bodies.map((body) => Buffer.from(body, "base64"));
  const clients = Array.from(
    { length: load.connections },
    (_, n) => new Client(load, bodies, n * 17),
  );
  await Bun.sleep(load.seconds * 1000);
  console.log(clients.reduce((sum, { answered }) => sum + answered, 0));
  process.exit(0);
}
