import { expect, test } from "bun:test";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  ExportMetricsServiceRequestSchema,
  ExportMetricsServiceResponseSchema,
  MetricsService,
} from "../../../../src/gen/opentelemetry/proto/collector/metrics/v1/metrics_service_pb.ts";
import { ExportError } from "../../../../src/telemetry/otel/exporter.ts";
import { HttpExporter } from "../../../../src/telemetry/otel/http-exporter.ts";

const method = MetricsService.method.export;
const request = create(ExportMetricsServiceRequestSchema, {
  resourceMetrics: [{ resource: { attributes: [{ key: "a" }] } }],
});

/** An exporter to a server that answers so. */
async function sendTo(answer: (request: Request) => Response | Promise<Response>, gzip = false) {
  await using server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: answer });
  const exporter = new HttpExporter(method, {
    protocol: "http/protobuf",
    url: `http://127.0.0.1:${server.port}/v1/metrics`,
    headers: { authorization: "Bearer x" },
    timeoutMs: 5_000,
    gzip,
    files: {},
    reloadIntervalMs: 0,
  });
  await exporter.send(request);
}

test.each([false, true])("sends protobuf with the headers given, gzip: %p", async (gzip) => {
  const received: unknown[] = [];
  await sendTo(async (incoming) => {
    const body = await incoming.bytes();
    const compressed = incoming.headers.get("content-encoding") === "gzip";
    received.push(
      compressed,
      incoming.headers.get("authorization"),
      fromBinary(method.input, compressed ? Bun.gunzipSync(body) : body),
    );
    return new Response();
  }, gzip);
  expect(received).toEqual([gzip, "Bearer x", request]);
});

const failure = async (answer: () => Response): Promise<ExportError> => {
  try {
    await sendTo(answer);
  } catch (error) {
    if (error instanceof ExportError) return error;
  }
  throw new Error("it was sent");
};

test.each([
  [429, true],
  [503, true],
  [400, false],
  [404, false],
  [500, false],
])("an answer of %i may be tried again: %p", async (status, retryable) => {
  const error = await failure(() => new Response("why", { status }));
  expect(error).toMatchObject({ message: `the collector responded with ${status}`, retryable });
});

test("what is kept in part only is an error, and not sent again", async () => {
  const partialSuccess = { rejectedDataPoints: 3n, errorMessage: "too old" };
  const body = toBinary(
    ExportMetricsServiceResponseSchema,
    create(ExportMetricsServiceResponseSchema, { partialSuccess }),
  );
  const headers = { "content-type": "application/x-protobuf" };
  const error = await failure(() => new Response(body, { headers }));
  expect(error).toMatchObject({ message: "the collector rejected 3: too old", retryable: false });
});

test("redirects are not followed: they would be shown the headers", async () => {
  const paths: string[] = [];
  const sent = sendTo(({ url }) => {
    paths.push(new URL(url).pathname);
    return new Response(null, { status: 307, headers: { location: "/elsewhere" } });
  });
  await expect(sent).rejects.toThrow(ExportError);
  expect(paths).toEqual(["/v1/metrics"]);
});
