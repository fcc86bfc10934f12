/**
 * `dist/flagd` and a real OpenTelemetry Collector: each protocol, in plaintext and with TLS, a
 * certificate that is replaced, and a collector that is away for a minute.
 */
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { makeCertificates } from "../../support/certificates.ts";
import { type Flagd, startFlagd } from "../../support/flagd.ts";
import { freePorts } from "../../support/ports.ts";
import { until } from "../../support/until.ts";
import { expectEqual, Suite } from "../suite.ts";
import { type CollectedEvent, collectedEvents } from "./collected-events.ts";
import { buildCollector, type CollectorTls, RealCollector } from "./real-collector.ts";

const suite = new Suite("OpenTelemetry Collector");
const executable = await buildCollector();
const certificates = makeCertificates();
const flags = join(import.meta.dir, "../../../examples/flags.json");
const secret = "Bearer do-not-print";

const often = {
  OTEL_METRIC_EXPORT_INTERVAL: "500",
  OTEL_BSP_SCHEDULE_DELAY: "100",
  OTEL_BLRP_SCHEDULE_DELAY: "100",
};

function start(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Flagd> {
  const log = ["--log-format", "json", "--otel-evaluation-ratio", "1"];
  return startFlagd(["-f", `file:${flags}`, ...log, ...args], {
    env: { ...often, OTEL_EXPORTER_OTLP_HEADERS: `authorization=${secret}`, ...env },
  });
}

async function collectorAt(tls?: CollectorTls): Promise<RealCollector> {
  const [grpcPort = 0, httpPort = 0] = await freePorts(2);
  const collector = new RealCollector(executable, grpcPort, httpPort, tls);
  await collector.start();
  return collector;
}

/** Evaluates a flag as part of a trace. @returns the trace's id */
async function evaluate(flagd: Flagd, request: object = {}, type = "String"): Promise<string> {
  const traceId = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("hex");
  const response = await fetch(
    `http://127.0.0.1:${flagd.port}/flagd.evaluation.v1.Service/Resolve${type}`,
    {
      method: "POST",
      headers: {
        "content-type": "application/json",
        traceparent: `00-${traceId}-b7ad6b7169203331-01`,
      },
      body: JSON.stringify({ flagKey: "banner-text", ...request }),
    },
  );
  await response.body?.cancel();
  return traceId;
}

async function arrives(collector: RealCollector, flagd: Flagd, seconds = 20): Promise<void> {
  const traceId = await evaluate(flagd);
  await until(
    "the trace at the collector",
    () => JSON.stringify(collector.received("traces")).includes(traceId),
    seconds,
  );
  await until(
    "the metric at the collector",
    () => JSON.stringify(collector.received("metrics")).includes('"feature_flag.flagd.impression"'),
    seconds,
  );
  await until(
    "the event at the collector",
    () => eventOf(collector, traceId) !== undefined,
    seconds,
  );
}

/** The event of an evaluation, as the collector has it. */
function eventOf(collector: RealCollector, traceId: string): CollectedEvent | undefined {
  return collectedEvents(collector.received("logs")).find((event) => event.traceId === traceId);
}

/** Nothing but log lines, none of them with the secret. */
async function ends(flagd: Flagd): Promise<string> {
  const status = await flagd.stop();
  if (status !== 0) throw new Error(`flagd ended with ${status}:\n${flagd.log()}`);
  const text = flagd.log();
  for (const line of text.trim().split("\n")) JSON.parse(line);
  if (text.includes("do-not-print")) throw new Error(`the log has the secret:\n${text}`);
  return text;
}

const { ca, server, client, foreign } = certificates;
const tlsOptions = ["-A", ca.cert, "-D", client.cert, "-K", client.key];
const tlsVariables = {
  OTEL_EXPORTER_OTLP_CERTIFICATE: ca.cert,
  OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: client.cert,
  OTEL_EXPORTER_OTLP_CLIENT_KEY: client.key,
};
const mutual: CollectorTls = { ...server, clientCa: ca.cert };

type Start = (collector: RealCollector) => Promise<Flagd>;
const overHttp =
  (protocol: string, scheme: string, more: Readonly<Record<string, string>> = {}): Start =>
  ({ httpPort }) =>
    start(["-t", "otel"], {
      OTEL_EXPORTER_OTLP_ENDPOINT: `${scheme}://localhost:${httpPort}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      ...more,
    });

const ways: readonly [string, CollectorTls | undefined, Start][] = [
  [
    "gRPC, by the option",
    undefined,
    ({ grpcPort }) => start(["-t", "otel", "-o", `http://127.0.0.1:${grpcPort}`], {}),
  ],
  [
    "gRPC, an address without a scheme, gzip",
    undefined,
    ({ grpcPort }) =>
      start(["-t", "otel", "-o", `127.0.0.1:${grpcPort}`], {
        OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
      }),
  ],
  [
    "gRPC, mutual TLS by options",
    mutual,
    ({ grpcPort }) =>
      start(["-t", "otel", "-o", `https://localhost:${grpcPort}`, ...tlsOptions], {}),
  ],
  ["HTTP/protobuf", undefined, overHttp("http/protobuf", "http")],
  [
    "HTTP/protobuf, gzip",
    undefined,
    overHttp("http/protobuf", "http", { OTEL_EXPORTER_OTLP_COMPRESSION: "gzip" }),
  ],
  [
    "HTTP/protobuf, mutual TLS by variables",
    mutual,
    overHttp("http/protobuf", "https", tlsVariables),
  ],
  ["HTTP/JSON", undefined, overHttp("http/json", "http")],
  [
    "HTTP/JSON, mutual TLS by variables, gzip",
    mutual,
    overHttp("http/json", "https", { ...tlsVariables, OTEL_EXPORTER_OTLP_COMPRESSION: "gzip" }),
  ],
];

for (const [name, tls, begin] of ways) {
  await suite.check(`${name}: traces, metrics and events arrive`, async () => {
    await using collector = await collectorAt(tls);
    await using flagd = await begin(collector);
    await arrives(collector, flagd);
    const log = await ends(flagd);
    if (log.includes("cannot export")) throw new Error(log);
  });
}

await suite.check("an evaluation is the event that the conventions describe", async () => {
  await using collector = await collectorAt();
  await using flagd = await start(["-t", "otel", "-o", `127.0.0.1:${collector.grpcPort}`], {
    OTEL_SERVICE_NAME: "flags-of-the-shop",
  });
  const constant = await evaluate(flagd);
  const context = { targetingKey: "ann", email: "ann@example.com" };
  const targeted = await evaluate(flagd, { flagKey: "new-checkout", context }, "Boolean");
  const failed = await evaluate(flagd, { flagKey: "nowhere" });
  const mistaken = await evaluate(flagd, { flagKey: "new-checkout" });
  const provider = { "feature_flag.provider.name": "flagd" };
  const error = { ...provider, "feature_flag.result.reason": "error" };
  for (const [traceId, attributes] of [
    [
      constant,
      {
        ...provider,
        "feature_flag.key": "banner-text",
        "feature_flag.result.reason": "static",
        "feature_flag.result.variant": "calm",
      },
    ],
    [
      targeted,
      {
        ...provider,
        "feature_flag.key": "new-checkout",
        "feature_flag.result.reason": "targeting_match",
        "feature_flag.result.variant": "on",
        "feature_flag.context.id": "ann",
      },
    ],
    [
      failed,
      {
        ...error,
        "feature_flag.key": "nowhere",
        "error.type": "flag_not_found",
        "feature_flag.error.message": "Flag not found",
      },
    ],
    [
      mistaken,
      {
        ...error,
        "feature_flag.key": "new-checkout",
        "error.type": "type_mismatch",
        "feature_flag.error.message": "Type mismatch error",
      },
    ],
  ] as const) {
    const event = await until("the event", () => eventOf(collector, traceId));
    const { time, observed, spanId, ...rest } = event;
    expectEqual(rest, {
      service: "flags-of-the-shop",
      scope: "flagd",
      name: "feature_flag.evaluation",
      severity: 9,
      // That is how the collector writes that there is none.
      body: {},
      traceId,
      attributes,
    });
    // That of the call, which the caller's is the parent of.
    await until("the span", () =>
      JSON.stringify(collector.received("traces")).includes(
        `"spanId":"${spanId}","parentSpanId":"b7ad6b7169203331"`,
      ),
    );
    const age = Date.now() - time;
    if (age < 0 || age > 60_000 || observed < time) throw new Error(`${time}, ${observed}`);
  }
  await ends(flagd);
});

await suite.check("several threads send traces and metrics as one daemon", async () => {
  await using collector = await collectorAt();
  const to = ["-t", "otel", "-o", `127.0.0.1:${collector.grpcPort}`];
  await using flagd = await start([...to, "--workers", "2"], {});
  await arrives(collector, flagd);
  await ends(flagd);
});

await suite.check("sums are exported as deltas if that is preferred", async () => {
  await using collector = await collectorAt();
  await using flagd = await start(["-t", "otel", "-o", `127.0.0.1:${collector.grpcPort}`], {
    OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "delta",
  });
  await arrives(collector, flagd);
  // 1 is AGGREGATION_TEMPORALITY_DELTA, in JSON as in the protocol.
  const text = JSON.stringify(collector.received("metrics"));
  if (!/"aggregationTemporality":1,"isMonotonic":true/.test(text))
    throw new Error(text.slice(0, 2000));
  await ends(flagd);
});

for (const [name, begin] of [
  [
    "gRPC",
    ({ grpcPort }, files) =>
      start(["-t", "otel", "-o", `https://localhost:${grpcPort}`, ...files, "-I", "1s"], {}),
  ],
  [
    "HTTP",
    ({ httpPort }, files) =>
      start(["-t", "otel", ...files, "-I", "1s"], {
        OTEL_EXPORTER_OTLP_ENDPOINT: `https://localhost:${httpPort}`,
      }),
  ],
] satisfies [string, (collector: RealCollector, files: readonly string[]) => Promise<Flagd>][]) {
  await suite.check(`${name}: a client certificate that is replaced is used`, async () => {
    const pair = {
      cert: join(certificates.folder, `${name}.crt`),
      key: join(certificates.folder, `${name}.key`),
    };
    const put = (from: typeof pair) => {
      copyFileSync(from.cert, pair.cert);
      copyFileSync(from.key, pair.key);
    };
    put(foreign);
    await using collector = await collectorAt(mutual);
    await using flagd = await begin(collector, ["-A", ca.cert, "-D", pair.cert, "-K", pair.key]);
    await until("the warning", () => flagd.log().includes("cannot export metrics"));
    put(client);
    await until("exports working again", () => flagd.log().includes("exporting metrics to"), 40);
    await arrives(collector, flagd);
    await ends(flagd);
  });
}

await suite.check(
  "a collector that is away for a minute is named once and found again",
  async () => {
    await using collector = await collectorAt();
    const starts: readonly Start[] = [
      ({ grpcPort }) => start(["-t", "otel", "-o", `127.0.0.1:${grpcPort}`], {}),
      overHttp("http/protobuf", "http"),
      overHttp("http/json", "http"),
    ];
    await using all = new AsyncDisposableStack();
    const daemons: Flagd[] = [];
    for (const begin of starts) daemons.push(all.use(await begin(collector)));
    for (const flagd of daemons) await arrives(collector, flagd);
    await collector.stop();
    const away = performance.now();
    while (performance.now() - away < 60_000) {
      for (const flagd of daemons) await evaluate(flagd);
      await Bun.sleep(500);
    }
    await collector.start();
    for (const flagd of daemons) {
      await arrives(collector, flagd, 40);
      await until("the line that it works again", () =>
        flagd.log().includes("exporting traces to"),
      );
      const log = await ends(flagd);
      for (const signal of ["traces", "metrics", "events"]) {
        const lines = log.split(`cannot export ${signal} to`).length - 1;
        if (lines !== 1) throw new Error(`${lines} lines about ${signal}:\n${log}`);
      }
    }
  },
);

certificates.remove();
suite.finish();
