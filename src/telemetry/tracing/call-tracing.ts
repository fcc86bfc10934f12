import type { CallRecord, CallSpan, CallStart } from "../../transport/listener.ts";
import { RPC_SCOPES, rpcStatus } from "../rpc-metrics.ts";
import { formatTraceparent, parseTraceparent } from "./trace-context.ts";
import type { SpanAttributes, Tracer } from "./tracer.ts";

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
        scope: ofrep ? ofrepScope : RPC_SCOPES[port],
        kind: "server",
      },
      caller,
    );
    call.setHeader("traceparent", formatTraceparent(span.context));
    const userAgent = ofrep ? call.header("user-agent") : undefined;
    return {
      end(record) {
        const attributes = ofrep
          ? httpAttributes(call, record, scheme)
          : rpcAttributes(call, record);
        span.end({ ...attributes, ...(userAgent && { "user_agent.original": userAgent }) });
      },
    };
  };
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
      "http.response.body.size": record.responseBytes,
    }),
  };
}
