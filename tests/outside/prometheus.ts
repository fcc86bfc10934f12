/**
 * The rules of deploy/prometheus and the queries of deploy/grafana in a real Prometheus (Debian's package
 * `prometheus`), which scrapes two daemons under load, one of them fed by the other's sync stream.
 * Run it with `npx bun tests/outside/prometheus.ts` after `npm run build`.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import dashboard from "../../deploy/grafana/flagd.json";
import { startFlagd } from "../support/flagd.ts";
import { freePorts } from "../support/ports.ts";
import { until } from "../support/until.ts";
import { output, Suite } from "./suite.ts";

const deploy = resolve(import.meta.dir, "../../deploy");
const flags = resolve(import.meta.dir, "../../examples/flags.json");
const loadMs = 25_000;

const suite = new Suite("Prometheus: rules and dashboard");

await suite.check("promtool accepts the rules", async () => {
  await output([
    "promtool",
    "check",
    "rules",
    join(deploy, "prometheus/alerts.rules.yaml"),
    join(deploy, "prometheus/recording.rules.yaml"),
  ]);
});
await suite.check("the tests of the rules pass", async () => {
  await output(["promtool", "test", "rules", join(deploy, "prometheus/rules.test.yaml")]);
});

const folder = mkdtempSync(join(tmpdir(), "flagd-prometheus-"));
const reader = await startFlagd(["-f", `file:${flags}`]);
const follower = await startFlagd(["-f", `grpc://127.0.0.1:${reader.syncPort}`]);
const prometheus = await startPrometheus([reader.httpPort, follower.httpPort]);
try {
  await evaluateFor(loadMs);
  for (const { title, expressions } of panels()) {
    for (const expression of expressions) {
      await suite.check(`panel “${title}” has data: ${expression}`, async () => {
        const found = await query(expression);
        if (found === 0) throw new Error("no series");
      });
    }
  }
  await suite.check("every recording rule has data", async () => {
    const { data } = await ask("/api/v1/rules?type=record");
    const names = data.groups.flatMap(({ rules }) => rules.map(({ name }) => name));
    // Rules are computed every 30 s, and some of them from others.
    for (const name of names) {
      await until(`series of ${name}`, async () => (await query(name)) > 0, 70);
    }
  });
} finally {
  prometheus.kill();
  await prometheus.exited;
  await follower.stop();
  await reader.stop();
  rmSync(folder, { recursive: true, force: true });
}
suite.finish();

async function startPrometheus(targets: readonly number[]) {
  const [port = 0] = await freePorts(1);
  const config = join(folder, "prometheus.yaml");
  const addresses = targets.map((target) => `127.0.0.1:${target}`);
  writeFileSync(
    config,
    JSON.stringify({
      global: { scrape_interval: "1s", evaluation_interval: "2s" },
      rule_files: ["alerts", "recording"].map((name) =>
        join(deploy, `prometheus/${name}.rules.yaml`),
      ),
      scrape_configs: [{ job_name: "flagd", static_configs: [{ targets: addresses }] }],
    }),
  );
  const child = Bun.spawn(
    [
      "prometheus",
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--log.level=warn",
    ],
    { stdin: "ignore", stdout: "ignore", stderr: "inherit" },
  );
  const url = `http://127.0.0.1:${port}`;
  await until("Prometheus ready", async () => (await fetch(`${url}/-/ready`)).ok);
  return Object.assign(child, { url });
}

/** All that the panels show: evaluations that succeed and that fail, over Connect and OFREP. */
async function evaluateFor(ms: number): Promise<void> {
  const keys = ["new-checkout", "banner-text", "no-such-flag"];
  const json = { "content-type": "application/json" };
  for (const end = Date.now() + ms; Date.now() < end; ) {
    await Promise.all(
      [reader, follower].flatMap(({ port, http }) =>
        keys.flatMap((flagKey) => [
          fetch(`http://127.0.0.1:${port}/flagd.evaluation.v1.Service/ResolveString`, {
            method: "POST",
            headers: json,
            body: JSON.stringify({ flagKey, context: {} }),
          }),
          fetch(`${http}/ofrep/v1/evaluate/flags/${flagKey}`, { method: "POST", body: "{}" }),
        ]),
      ),
    );
    await Bun.sleep(20);
  }
}

function panels() {
  const values: Readonly<Record<string, string>> = {
    __rate_interval: "10s",
    job: ".*",
    instance: ".*",
    flag: ".*",
  };
  return dashboard.panels
    .filter((panel) => "targets" in panel)
    .map((panel) => ({
      title: panel.title,
      expressions: (panel.targets ?? []).map(({ expr }) =>
        expr.replace(/\$(\w+)/g, (_, name: string) => values[name] ?? `$${name}`),
      ),
    }));
}

/** How many series an expression has now. */
async function query(expression: string): Promise<number> {
  const { data } = await ask(`/api/v1/query?query=${encodeURIComponent(expression)}`);
  return data.result.length;
}

interface Answer {
  readonly data: {
    readonly result: readonly unknown[];
    readonly groups: readonly { readonly rules: readonly { readonly name: string }[] }[];
  };
}

async function ask(path: string): Promise<Answer> {
  const response = await fetch(prometheus.url + path);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Answer;
}
