// The thread of a source that dies when its URI says so: at the start, or after its first document.
import { parentPort, workerData } from "node:worker_threads";
import { read } from "../../src/sources/thread/run-source-thread.ts";
import type { FromThread, Task, ToThread } from "../../src/sources/thread/thread-source.ts";

const { config } = workerData as Task;
const send = (message: FromThread) => parentPort?.postMessage(message);
if (config.uri === "dies at once") process.exit(3);

const document = '{"flags":{"x":{"state":"ENABLED","variants":{"on":true},"defaultVariant":"on"}}}';
const { reading } = read({ document, format: "json" }, { strict: false, source: "s" });
send({ kind: "document", payload: { bytes: document.length, hash: "h", reading } });
parentPort?.on("message", (message: ToThread) => {
  if (message.kind === "stop") send({ kind: "ended", reason: undefined });
  if (message.kind === "resync") send({ kind: "ended", reason: "no longer wanted" });
  if (message.kind === "taken") {
    send({ kind: "log", level: "debug", message: "taken", fields: { accepted: message.accepted } });
    if (config.uri === "dies later") process.exit(4);
  }
});
