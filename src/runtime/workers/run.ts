import { parentPort, workerData } from "node:worker_threads";
import type { Log } from "../../core/log.ts";
import { buildInfo } from "../../core/process-info.ts";
import { isManagementPath } from "../../services/management/management-api.ts";
import { createLog } from "../../telemetry/log/create-log.ts";
import { Registry } from "../../telemetry/metrics/registry.ts";
import { describeResource } from "../../telemetry/resource.ts";
import { type HttpHandler, pathOf } from "../../transport/http-handler.ts";
import { compileAfterStart } from "../compilation.ts";
import { logUncaught } from "../daemon.ts";
import { FlagPipeline } from "../flag-pipeline.ts";
import { createPage, pageIsServed } from "../page.ts";
import { serve } from "../serve.ts";
import { exportGraceMs, startExports } from "../telemetry.ts";
import {
  type FromWorker,
  type ManagementReply,
  PendingReplies,
  type ToWorker,
  type WorkerInit,
} from "./messages.ts";
import { RelaySource } from "./relay-source.ts";

const replyTimeoutMs = 5_000;

/** A further thread that serves the ports, from a store of its own that follows the main thread's. */
export async function runWorker(): Promise<void> {
  if (!parentPort) throw new Error("this runs in a worker thread");
  const port = parentPort;
  const send = (message: FromWorker) => port.postMessage(message);
  const { number, config, sources } = workerData as WorkerInit;
  const log = muted(
    createLog({ format: config.logFormat, level: config.logLevel }).with({ worker: number }),
  );
  compileAfterStart();

  const relays: RelaySource[] = [];
  const pipeline = await FlagPipeline.create({
    ...config,
    stateDir: undefined,
    log,
    create: () => {
      const { name = "", provider = "" } = sources[relays.length] ?? {};
      const relay = new RelaySource(name, provider);
      relays.push(relay);
      return relay;
    },
  });
  const registry = new Registry();
  const replies = new PendingReplies<ManagementReply>(replyTimeoutMs);
  const management: HttpHandler = ({ target }) => {
    const path = pathOf(target);
    if (!isManagementPath(path)) return undefined;
    return replies
      .request((id) => send({ kind: "request", id, path }))
      .then((reply) => reply ?? { status: 503, headers: [], body: null });
  };
  const {
    tracing,
    evaluationEvents,
    stop: stopTracing,
  } = await startExports({
    config: config.telemetry,
    // The main thread pushes the metrics of all.
    registry: undefined,
    resource: describeResource(buildInfo.version, process.env),
    log,
  });
  const page = pageIsServed(config.page, config.management.host, config.tokensPath)
    ? createPage(pipeline, config, async () => {
        const path = "/status";
        const reply = await replies.request((id) => send({ kind: "request", id, path }));
        return reply?.body ?? "{}";
      })
    : undefined;
  const parts = {
    config,
    pipeline,
    registry,
    management,
    page,
    tracing,
    evaluationEvents,
    log,
  };
  const serving = await serve({ ...parts, shared: { as: "joining", threads: config.workers } });
  // Not before: a thread that cannot start must end, for the main thread to see it.
  logUncaught(log);
  const aborted = new AbortController();
  void pipeline.run(aborted.signal);
  void pipeline.readiness.whenReady().then(() => send({ kind: "ready" }));

  port.on("message", async (message: ToWorker) => {
    switch (message.kind) {
      case "payload":
        return relays[message.source]?.relay(message.payload);
      case "collect":
        return send({ kind: "collected", id: message.id, collection: registry.collect() });
      case "reply":
        return replies.settle(message.id, message.reply);
      case "close":
        pipeline.readiness.stop();
        aborted.abort();
        page?.shutdown();
        await serving.close(message.graceMs);
        await stopTracing(Math.min(message.graceMs, exportGraceMs));
        return send({ kind: "closed" });
    }
  });
}

/** What the main thread has said need not be said again. */
function muted(log: Log): Log {
  return {
    debugging: log.debugging,
    debug: (message, fields) => log.debug(message, fields),
    info: (message, fields) => log.debug(message, fields),
    warn: (message, fields) => log.warn(message, fields),
    error: (message, fields) => log.error(message, fields),
    fatal: (message, fields) => log.fatal(message, fields),
    with: (fields) => muted(log.with(fields)),
  };
}
