/** Evaluations as OpenTelemetry's events, of the built executable. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { root } from "../support/documentation.ts";
import { startFlagd } from "../support/flagd.ts";
import { until } from "../support/until.ts";

interface ExportRequest {
  readonly resourceLogs: readonly {
    readonly scopeLogs: readonly {
      readonly logRecords: readonly {
        readonly eventName: string;
        readonly traceId?: string;
        readonly severityNumber: number;
        readonly attributes: readonly {
          readonly key: string;
          readonly value: { readonly stringValue?: string };
        }[];
      }[];
    }[];
  }[];
}

function startCollector() {
  const records: { readonly traceId: string | undefined; readonly [attribute: string]: unknown }[] =
    [];
  const paths = new Set<string>();
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      paths.add(new URL(request.url).pathname);
      const { resourceLogs } = (await request.json()) as ExportRequest;
      for (const { scopeLogs } of resourceLogs) {
        for (const { eventName, traceId, attributes } of scopeLogs.flatMap(
          (all) => all.logRecords,
        )) {
          const values = attributes.map(({ key, value }) => [key, value.stringValue] as const);
          records.push({ eventName, traceId, ...Object.fromEntries(values) });
        }
      }
      return Response.json({});
    },
  });
  return { records, paths, server };
}

const source = `file:${join(root, "examples/flags.json")}`;

test("every evaluation is sent, with its flag, variant, reason and trace", async () => {
  const { records, paths, server } = startCollector();
  await using flagd = await startFlagd(["-f", source, "--otel-evaluation-ratio", "1"], {
    env: {
      OTEL_LOGS_EXPORTER: "otlp",
      OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `http://127.0.0.1:${server.port}/v1/logs`,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_BLRP_SCHEDULE_DELAY: "100",
    },
  });
  const traceId = "0af7651916cd43dd8448eb211c80319c";
  await fetch(`${flagd.http}/ofrep/v1/evaluate/flags/banner-text`, {
    method: "POST",
    body: '{"context":{"targetingKey":"ann"}}',
    headers: { traceparent: `00-${traceId}-b7ad6b7169203331-01` },
  });
  await fetch(`http://127.0.0.1:${flagd.port}/flagd.evaluation.v1.Service/ResolveString`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"flagKey":"nowhere"}',
  });
  await until("both events", () => records.length >= 2);
  expect(records).toEqual([
    {
      eventName: "feature_flag.evaluation",
      traceId,
      "feature_flag.key": "banner-text",
      "feature_flag.provider.name": "flagd",
      "feature_flag.result.reason": "static",
      "feature_flag.result.variant": "calm",
      "feature_flag.context.id": "ann",
    },
    {
      eventName: "feature_flag.evaluation",
      traceId: undefined,
      "feature_flag.key": "nowhere",
      "feature_flag.provider.name": "flagd",
      "feature_flag.result.reason": "error",
      "error.type": "flag_not_found",
      "feature_flag.error.message": "Flag not found",
    },
  ]);
  expect([...paths]).toEqual(["/v1/logs"]);
  await server.stop(true);
});

test("without a collector the log says that nothing is sent", async () => {
  await using flagd = await startFlagd(["-f", source, "--otel-evaluation-ratio", "0.5"]);
  expect(flagd.log()).toContain("--otel-evaluation-ratio has no effect without");
});
