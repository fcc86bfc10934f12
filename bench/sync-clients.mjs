/** The clients of `sync-streams.ts`, run by Node; they are told what to do and say what has arrived. */
import http2 from "node:http2";

const streamsPerConnection = 100;
const [port, count] = process.argv.slice(2).map(Number);
/** Not after each message, so that talking does not slow the clients down. */
const reportEvery = Math.ceil(count / 10);

let sessions = [];
let streams = [];
let complete = 0;
let first = 0;

function arrived() {
  const last = Date.now();
  if (complete++ === 0) first = last;
  if (complete % reportEvery === 0) process.send?.({ complete, first, last });
}

function open(session) {
  const stream = session.request({
    ":method": "POST",
    ":path": "/flagd.sync.v1.FlagSyncService/SyncFlags",
    "content-type": "application/grpc",
    te: "trailers",
  });
  let head = [];
  let missing = 0;
  stream.on("error", () => {});
  stream.on("data", (chunk) => {
    let at = 0;
    while (at < chunk.length) {
      if (missing === 0) {
        // One byte of flags and four of length (gRPC over HTTP/2).
        head.push(chunk[at++]);
        if (head.length < 5) continue;
        missing = Buffer.from(head).readUInt32BE(1);
        head = [];
      }
      const taken = Math.min(missing, chunk.length - at);
      at += taken;
      missing -= taken;
      if (missing === 0) arrived();
    }
  });
  stream.end(Buffer.alloc(5));
  streams.push(stream);
}

const commands = {
  count: () => {
    complete = 0;
  },
  connect: () => {
    for (let made = 0; made < count; made += streamsPerConnection) {
      const session = http2.connect(`http://127.0.0.1:${port}`);
      session.once("connect", () => session.setLocalWindowSize(1 << 24));
      session.on("error", () => {});
      sessions.push(session);
      const on = Math.min(streamsPerConnection, count - made);
      for (let i = 0; i < on; i++) open(session);
    }
  },
  pause: () => {
    for (const stream of streams.slice(0, reportEvery)) stream.pause();
  },
  cut: () => {
    for (const session of sessions) session.destroy();
    sessions = [];
    streams = [];
  },
};
process.on("message", (command) => commands[command]());
process.on("disconnect", () => process.exit());
