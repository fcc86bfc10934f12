#!/usr/bin/env bash
# OpenTelemetry JS, @opentelemetry/exporter-trace-otlp-grpc 0.301.0 (and 0.223.0).
#
# OTLP's specification ("OTLP/gRPC response", "Failures") calls UNAVAILABLE retryable: the client should
# send the data again after a wait. The exporter over gRPC drops a batch at the first UNAVAILABLE, while
# the exporter over HTTP of the same release sends it again after a 503.
#
# Prints what each server was sent, and exits 0 as long as this is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --save-exact \
  @opentelemetry/exporter-trace-otlp-grpc@0.301.0 @opentelemetry/exporter-trace-otlp-proto@0.301.1 \
  @opentelemetry/sdk-trace@3.1.1 @grpc/grpc-js@1.14.7 >/dev/null 2>&1
cat >try.mjs <<'JS'
import { createServer } from "node:http";
import { Server, ServerCredentials, status } from "@grpc/grpc-js";
import { OTLPTraceExporter as GrpcExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import { OTLPTraceExporter as HttpExporter } from "@opentelemetry/exporter-trace-otlp-proto";

const send = (exporter) =>
  new Promise((resolve) => exporter.export([], ({ code, error }) => resolve(error?.message ?? `code ${code}`)));

let grpcRequests = 0;
const identity = (bytes) => bytes;
const server = new Server();
server.addService(
  {
    export: {
      path: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
      requestStream: false,
      responseStream: false,
      requestSerialize: identity,
      requestDeserialize: identity,
      responseSerialize: identity,
      responseDeserialize: identity,
    },
  },
  {
    export: (_, done) =>
      ++grpcRequests === 1
        ? done({ code: status.UNAVAILABLE, details: "in a moment" })
        : done(null, Buffer.alloc(0)),
  },
);
const grpcPort = await new Promise((resolve, reject) =>
  server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
    error ? reject(error) : resolve(port),
  ),
);
const grpcResult = await send(new GrpcExporter({ url: `http://127.0.0.1:${grpcPort}` }));

let httpRequests = 0;
const http = createServer((request, response) => {
  request.resume().on("end", () => {
    response.statusCode = ++httpRequests === 1 ? 503 : 200;
    response.end();
  });
});
await new Promise((resolve) => http.listen(0, "127.0.0.1", resolve));
const url = `http://127.0.0.1:${http.address().port}/v1/traces`;
const httpResult = await send(new HttpExporter({ url }));

console.log(`gRPC: ${grpcRequests} request, ${grpcResult}`);
console.log(`HTTP: ${httpRequests} requests, ${httpResult}`);
process.exit(grpcRequests === 1 && httpRequests === 2 ? 0 : 1);
JS
node try.mjs
