// The thread of a source that dies where its URI says so: at the start, or after its first document.
import { parentPort, workerData } from "node:worker_threads";
import type { Order, Report, Task } from "../../src/sources/thread/messages.ts";
import { read } from "../../src/sources/thread/run.ts";

const { config } = workerData as Task;
const tell = (report: Report) => parentPort?.postMessage(report);
if (config.uri === "dies at once") process.exit(3);

const document = '{"flags":{"x":{"state":"ENABLED","variants":{"on":true},"defaultVariant":"on"}}}';
const { reading } = read({ document, format: "json" }, { strict: false, source: "s" });
tell({ kind: "document", payload: { bytes: document.length, hash: "h", reading } });
parentPort?.on("message", (order: Order) => {
  if (order.kind === "stop") tell({ kind: "ended", reason: undefined });
  if (order.kind === "resync") tell({ kind: "ended", reason: "no longer wanted" });
  if (order.kind === "taken") {
    tell({ kind: "log", level: "debug", message: "taken", fields: { accepted: order.accepted } });
    if (config.uri === "dies later") process.exit(4);
  }
});
