/**
 * Clients that ask for more than their share on one connection (HTTP/1.1: eight), in a process of their own:
 *
 *   bun bench/side-by-side/floods.ts ID PORT
 *
 * They begin again when the server cuts them off, and go on until the process is killed.
 */
import type { Socket } from "bun";
import {
  frame,
  frameType,
  grpcHeaders,
  headerBlock,
  preface,
} from "../../tests/support/raw-client.ts";
import { service } from "./workloads.ts";

/** What a connection writes: `next` gives more of it, as fast as it is taken. */
interface Flood {
  readonly id: string;
  readonly title: string;
  /** Made anew for each connection. */
  readonly begin: () => { readonly first: Uint8Array; readonly next: () => Uint8Array };
  readonly connections?: number;
  readonly reads?: boolean;
}

const endHeaders = 4;
const endStream = 1;
const batch = 500;
/** As Bun numbers the states of a socket. */
const open = 1;
const endless = Buffer.from([0x7f, 0xff, 0, 0]);
const hello = Buffer.concat([
  preface,
  frame(frameType.settings, 0, 0, Buffer.concat([Buffer.from([0, 4]), endless])),
  frame(frameType.windowUpdate, 0, 0, endless),
]);
const resolveBoolean = grpcHeaders(`/${service}/ResolveBoolean`);
const resolveAll = grpcHeaders(`/${service}/ResolveAll`);
const emptyMessage = Buffer.alloc(5);
const cancel = Buffer.from([0, 0, 0, 8]);

/** Batches of frames on ever new streams. */
function streams(framesOf: (id: number) => readonly Uint8Array[], first = hello) {
  return () => {
    let id = -1;
    return {
      first,
      next: () =>
        Buffer.concat(
          Array.from({ length: batch }, () => {
            id += 2;
            return Buffer.concat(framesOf(id));
          }),
        ),
    };
  };
}

const call = (id: number) => [
  frame(frameType.headers, endHeaders, id, resolveAll),
  frame(frameType.data, endStream, id, emptyMessage),
];

/** In the dynamic table (RFC 7541 §6.2.1), and so many references to it, of a byte each. */
const tableEntry = Buffer.concat([
  Buffer.from([0x40]),
  headerBlock({ "x-padding": "x".repeat(1000) }).subarray(1),
]);
const references = Buffer.concat([resolveBoolean, Buffer.alloc(900, 0x80 | 62)]);

export const floods: readonly Flood[] = [
  {
    id: "rapid-reset",
    title: "streams opened and reset",
    begin: streams((id) => [
      frame(frameType.headers, endHeaders, id, resolveBoolean),
      frame(frameType.reset, 0, id, cancel),
    ]),
  },
  {
    id: "empty-data",
    title: "empty DATA",
    begin() {
      const first = Buffer.concat([hello, frame(frameType.headers, endHeaders, 1, resolveBoolean)]);
      const frames = Buffer.concat(Array(5_000).fill(frame(frameType.data, 0, 1)));
      return { first, next: () => frames };
    },
  },
  {
    id: "header-references",
    title: "header blocks of 900 references",
    begin: streams(
      (id) => [frame(frameType.headers, endHeaders | endStream, id, references)],
      Buffer.concat([
        hello,
        frame(
          frameType.headers,
          endHeaders | endStream,
          1,
          Buffer.concat([resolveBoolean, tableEntry]),
        ),
      ]),
    ),
  },
  { id: "resolve-all", title: "ResolveAll, read", begin: streams(call), reads: true },
  { id: "unread", title: "ResolveAll, not read", begin: streams(call) },
  {
    id: "http1",
    title: "HTTP/1.1 pipelined ResolveAll, not read, 8 connections",
    connections: 8,
    begin() {
      const request = Buffer.from(
        `POST /${service}/ResolveAll HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n` +
          "Content-Length: 2\r\n\r\n{}",
      );
      const requests = Buffer.concat(Array(10_000).fill(request));
      return { first: requests, next: () => requests };
    },
  },
];

/** Writes as fast as it is read, until the connection ends. */
async function flood({ begin, reads }: Flood, port: number): Promise<void> {
  const { first, next } = begin();
  const closed = Promise.withResolvers<void>();
  let rest: Uint8Array = first;
  const write = (socket: Socket) => {
    // Leaves others something of the processor.
    for (let n = 0; n < 20; n++) {
      const written = socket.write(rest);
      if (written < 0) return;
      rest = written < rest.length ? rest.subarray(written) : next();
      if (written === 0) return;
    }
    setTimeout(() => write(socket), 1);
  };
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data: () => {},
      drain: write,
      close: () => closed.resolve(),
      error: () => closed.resolve(),
    },
  });
  if (!reads) socket.pause();
  write(socket);
  // One that is not read from would not see its end.
  const watch = setInterval(() => socket.readyState !== open && closed.resolve(), 100);
  await closed.promise;
  clearInterval(watch);
}

if (import.meta.main) {
  const [id, port] = process.argv.slice(2);
  const chosen = floods.find((one) => one.id === id);
  if (!chosen) throw new Error(`there is no flood "${id}"`);
  for (let n = 0; n < (chosen.connections ?? 1); n++) {
    void (async () => {
      for (;;) {
        await flood(chosen, Number(port)).catch(() => {});
        await Bun.sleep(10);
      }
    })();
  }
}
