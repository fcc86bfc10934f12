import { expositionType } from "../../telemetry/metrics/prometheus.ts";
import { type HttpHandler, type HttpReply, pathOf } from "../../transport/http-handler.ts";
import { KeptAnswers, wholeAnswer } from "../../transport/http1/kept-answers.ts";
import { type FastPath, headEnd, statusLine } from "../../transport/http1/response-head.ts";
import { defaultTimeouts } from "../../transport/limits.ts";
import { isManagementPath, type ManagementPathName, managementPaths } from "./management-api.ts";
import type { Readiness } from "./readiness.ts";
import type { StatusDocument } from "./status.ts";

export interface ManagementOptions {
  readonly readiness: Readiness;
  /** In Prometheus' text format. */
  readonly metrics: () => string | Promise<string>;
  readonly status: () => Promise<StatusDocument>;
  /** What the port and OFREP answer, as an OpenAPI document. */
  readonly openApi: () => object;
}

const jsonType = "application/json;charset=utf-8";
const methodNotAllowed: HttpReply = { status: 405, headers: [["Allow", "GET, HEAD"]], body: null };
const empty: HttpReply = { status: 200, headers: [], body: "" };

/**
 * Answers the paths of {@link managementPaths}; undefined: some other path, so that the handler can share its
 * listener.
 */
export function createManagementHandler(options: ManagementOptions): HttpHandler {
  const { readiness, metrics, status, openApi } = options;
  const answers: Readonly<Record<ManagementPathName, Answer>> = {
    "/healthz": () => empty,
    "/readyz": () => readyz(readiness),
    "/metrics": (accepted) => encoded(metrics, expositionType, accepted),
    "/status": (accepted) =>
      encoded(async () => JSON.stringify(await status()), jsonType, accepted),
    "/openapi.json": (accepted) => encoded(() => JSON.stringify(openApi()), jsonType, accepted),
  };
  return ({ method, target, headers }) => {
    const path = pathOf(target);
    if (!isManagementPath(path)) return undefined;
    if (!managementPaths[path].anyMethod && method !== "GET" && method !== "HEAD") {
      return methodNotAllowed;
    }
    return answers[path](headers["accept-encoding"] ?? "");
  };
}

/**
 * Answers probes from the head of their requests, as the handler does if all is well: an orchestrator asks each
 * daemon every few seconds, mostly on a connection of its own.
 */
export function createProbeFastPath(readiness: Readiness): FastPath {
  const endOfHead = headEnd(defaultTimeouts.keepAliveMs);
  const head = `${statusLine(200)}Content-Length: 0\r\n`;
  const kept = new KeptAnswers();
  return ({ method, target }, body, last) => {
    if (method !== "GET" || body.length > 0) return undefined;
    if (target !== "/healthz" && !(target === "/readyz" && readyz(readiness) === empty)) {
      return undefined;
    }
    const form = { end: endOfHead(last), cors: undefined, type: "" };
    return kept.get(empty, form, () => wholeAnswer(head + form.end)).bytes;
  };
}

type Answer = (acceptEncoding: string) => HttpReply | Promise<HttpReply>;

/** Some hundred kilobytes in a daemon of many flags, of which gzip leaves a twentieth. */
async function encoded(
  make: () => string | Promise<string>,
  contentType: string,
  acceptEncoding: string,
): Promise<HttpReply> {
  const text = await make();
  const type = ["Content-Type", contentType] as const;
  if (!/(?:^|,)\s*gzip\s*(?:,|$|;\s*q=(?!0(?:\.0*)?\s*(?:,|$)))/i.test(acceptEncoding)) {
    return { status: 200, headers: [type], body: text };
  }
  const body = await compress(text);
  return { status: 200, headers: [type, ["Content-Encoding", "gzip"]], body };
}

/** Beside the thread that serves. */
async function compress(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const { gzip } = await import("node:zlib");
  return new Promise((resolve, reject) => {
    gzip(text, { level: 1 }, (error, packed) => (error ? reject(error) : resolve(packed)));
  });
}

function readyz(readiness: Readiness): HttpReply {
  switch (readiness.state) {
    case "ready": {
      const restored = readiness.sources.flatMap(({ name, provider, restoredFrom, reason }) =>
        restoredFrom === undefined
          ? []
          : [{ source: name, provider, savedAt: new Date(restoredFrom).toISOString(), reason }],
      );
      return restored.length === 0 ? empty : json(200, { status: "ready", restored });
    }
    case "stopping":
      return json(503, { status: "stopping" });
    case "starting":
      return json(412, {
        status: "starting",
        sources: readiness.sources.map(({ name, provider, state, reason }) => ({
          source: name,
          provider,
          state,
          reason,
        })),
      });
  }
}

function json(status: number, value: object): HttpReply {
  const headers = [["Content-Type", jsonType]] as const;
  return { status, headers, body: JSON.stringify(value) };
}
