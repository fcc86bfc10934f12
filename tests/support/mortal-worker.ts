// A worker that counts payloads, says in `collect` what it has seen last, and dies when told to.
import { parentPort } from "node:worker_threads";
import type { FromWorker, ToWorker } from "../../src/runtime/workers/messages.ts";

let payloads = 0;
let last = "";
const send = (message: FromWorker) => parentPort?.postMessage(message);

parentPort?.on("message", (message: ToWorker) => {
  if (message.kind === "payload") {
    payloads++;
    last = "document" in message.payload ? String(message.payload.document) : "";
    if (last === "die") process.exit(3);
  }
  if (message.kind === "collect") {
    const scopes = [{ name: `${payloads}: ${last}`, metrics: [] }];
    send({ kind: "collected", id: message.id, collection: { resource: {}, scopes } });
  }
  if (message.kind === "close") send({ kind: "closed" });
});
