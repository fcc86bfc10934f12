import type { CallRecord, CallSpan, CallStart } from "../../core/calls.ts";
import { Code, codeForm } from "../../core/errors.ts";
import { rpcScopes, rpcStatus } from "../rpc-metrics.ts";
import { formatTraceparent, parseTraceparent } from "./trace-context.ts";
import type { Span, SpanAttributes, Tracer } from "./tracer.ts";

const ofrepScope = "go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp";

/**
 * A span for every call of a listener, continuing the caller's trace. The call's `traceparent` is
 * replaced by that of the span: what evaluates the call finds its parent there.
 */
export function traceCalls(
  tracer: Tracer,
  port: "evaluation" | "sync" | "ofrep",
  scheme: "http" | "https",
): (call: CallStart) => CallSpan | undefined {
  return (call) => {
    // Not a method of ours.
    if (call.path === "") return undefined;
    const ofrep = port === "ofrep";
    const caller = parseTraceparent(call.header("traceparent"), call.header("tracestate"));
    const span = tracer.enter(
      {
        name: ofrep ? "flagd.ofrep" : call.path.slice(1),
        scope: ofrep ? ofrepScope : rpcScopes[port],
        kind: "server",
      },
      caller,
    );
    call.setHeader("traceparent", formatTraceparent(span.context));
    if (ofrep) {
      const client = clientAttributes(call);
      return {
        end(record) {
          const error = record && record.httpStatus >= 500 ? `${record.httpStatus}` : undefined;
          span.end({ ...httpAttributes(call, record, scheme), ...client }, error);
        },
      };
    }
    return {
      end(record) {
        if (record && port === "evaluation") addMessages(span, record);
        span.end(rpcAttributes(call, record), faultOf(record));
      },
    };
  };
}

/**
 * What was received and sent, in bytes of the body. What streams send is not told one by one: they
 * last for days.
 */
function addMessages(span: Span, { stream, requestBytes, responseBytes }: CallRecord): void {
  const message = (type: "RECEIVED" | "SENT", size: number) =>
    span.event("message", {
      "message.type": type,
      "message.id": 1,
      "message.uncompressed_size": size,
    });
  message("RECEIVED", requestBytes);
  if (!stream) message("SENT", responseBytes);
}

/** What OpenTelemetry's conventions for RPC lay to the server. */
const faults = new Set<number | undefined>([
  Code.Unknown,
  Code.DeadlineExceeded,
  Code.Unimplemented,
  Code.Internal,
  Code.Unavailable,
  Code.DataLoss,
]);

function faultOf(record: CallRecord | undefined): string | undefined {
  return record?.code !== undefined && faults.has(record.code)
    ? codeForm(record.code).name
    : undefined;
}

function rpcAttributes({ path, protocol }: CallStart, record: CallRecord | undefined) {
  const [, service = "", method = ""] = path.split("/");
  return {
    "rpc.system": protocol,
    "rpc.service": service,
    "rpc.method": method,
    ...(record && rpcStatus(record, Number)),
  };
}

function httpAttributes(
  { path, httpMethod }: CallStart,
  record: CallRecord | undefined,
  scheme: string,
): SpanAttributes {
  return {
    "http.request.method": httpMethod,
    "url.scheme": scheme,
    "url.path": path,
    ...(record && {
      "http.response.status_code": record.httpStatus,
      "http.request.body.size": record.requestBytes,
      "http.response.body.size": record.responseBytes,
    }),
  };
}

/** What the client calls itself and us. */
function clientAttributes({ header }: CallStart): SpanAttributes {
  const userAgent = header("user-agent");
  const host = URL.parse(`http://${header("host")}`);
  return {
    ...(userAgent && { "user_agent.original": userAgent }),
    ...(host && { "server.address": host.hostname }),
    ...(host?.port && { "server.port": Number(host.port) }),
  };
}

/** Makes a span for each document that a source delivers; what is returned ends it. */
export function traceLoads(tracer: Tracer) {
  return (source: string) => {
    const span = tracer.enter(
      { name: "flagSync", scope: "jsonEvaluator", kind: "internal" },
      undefined,
    );
    return (problem: string | undefined): void => {
      if (problem !== undefined) {
        const exception = { "exception.type": "FlagDocumentError", "exception.message": problem };
        span.event("exception", exception);
      }
      span.end(
        { "feature_flag.source": source },
        problem === undefined ? undefined : "flagSync error",
      );
    };
  };
}
