// A member that counts payloads, says in `collect` what it has seen last, and dies when told to.
import { parentPort } from "node:worker_threads";
import type { Order, Report } from "../../src/runtime/workers/messages.ts";

let payloads = 0;
let last = "";
const tell = (report: Report) => parentPort?.postMessage(report);

parentPort?.on("message", (order: Order) => {
  if (order.kind === "payload") {
    payloads++;
    last = "document" in order.payload ? String(order.payload.document) : "";
    if (last === "die") process.exit(3);
  }
  if (order.kind === "collect") {
    const scopes = [{ name: `${payloads}: ${last}`, metrics: [] }];
    tell({ kind: "collected", id: order.id, collection: { resource: {}, scopes } });
  }
  if (order.kind === "close") tell({ kind: "closed" });
});
