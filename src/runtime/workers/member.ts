import { parentPort, workerData } from "node:worker_threads";
import { buildInfo } from "../../build-info.ts";
import type { Log } from "../../telemetry/log.ts";
import { createLog } from "../../telemetry/logging/create-log.ts";
import { Registry } from "../../telemetry/metrics/registry.ts";
import { describeResource } from "../../telemetry/resource.ts";
import type { HttpHandler } from "../../transport/http.ts";
import { requestPath } from "../../transport/request-path.ts";
import { compileAfterStart } from "../compilation.ts";
import { exportGraceMs, startExports } from "../exports.ts";
import { FlagPipeline } from "../flags.ts";
import { serve } from "../serve.ts";
import { surviveMistakes } from "../signals.ts";
import type { Answer, Birth, Order, Report } from "./messages.ts";
import { Questions } from "./questions.ts";
import { RelaySource } from "./relay-source.ts";

const patienceMs = 5_000;
const managementPaths = new Set(["/healthz", "/readyz", "/metrics"]);

/** A further thread that serves the ports, from a store of its own that follows the leader's. */
export async function runMember(): Promise<void> {
  if (!parentPort) throw new Error("a member runs in a worker thread");
  const port = parentPort;
  const tell = (report: Report) => port.postMessage(report);
  const { number, config, sources } = workerData as Birth;
  const log = muted(
    createLog({ format: config.logFormat, debug: config.debug }).with({ worker: number }),
  );
  compileAfterStart();

  const relays: RelaySource[] = [];
  const pipeline = await FlagPipeline.create({
    ...config,
    log,
    create: () => {
      const { name = "", provider = "" } = sources[relays.length] ?? {};
      const relay = new RelaySource(name, provider);
      relays.push(relay);
      return relay;
    },
  });
  const registry = new Registry();
  const questions = new Questions<Answer>(patienceMs);
  const management: HttpHandler = (request) => {
    const path = requestPath(request);
    if (!managementPaths.has(path)) return undefined;
    return questions
      .ask((id) => tell({ kind: "ask", id, path }))
      .then((answer) => {
        if (!answer) return new Response(null, { status: 503 });
        const { status, headers, body } = answer;
        return new Response(body, {
          status,
          headers: headers.map(([k, v]): [string, string] => [k, v]),
        });
      });
  };
  const { tracing, stop: stopTracing } = await startExports({
    config: config.telemetry,
    // The leader pushes the metrics of all.
    registry: undefined,
    resource: describeResource(buildInfo.version, process.env),
    log,
  });
  const parts = { config, pipeline, registry, management, tracing, log };
  const serving = await serve({ ...parts, shared: { as: "joining", threads: config.workers } });
  // Not before: a thread that cannot start must end, for the leader to see it.
  surviveMistakes(log);
  const aborted = new AbortController();
  void pipeline.run(aborted.signal);
  void pipeline.readiness.whenReady().then(() => tell({ kind: "ready" }));

  port.on("message", async (order: Order) => {
    switch (order.kind) {
      case "payload":
        return relays[order.source]?.relay(order.payload);
      case "collect":
        return tell({ kind: "collected", id: order.id, collection: registry.collect() });
      case "answer":
        return questions.answered(order.id, order.answer);
      case "close":
        pipeline.readiness.stop();
        aborted.abort();
        await serving.close(order.graceMs);
        await stopTracing(Math.min(order.graceMs, exportGraceMs));
        return tell({ kind: "closed" });
    }
  });
}

/** What the leader has said need not be said again. */
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
