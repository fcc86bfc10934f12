import { readFileSync } from "node:fs";
import type { NotifyConfig } from "../config/serving.ts";
import { systemClock } from "../core/clock.ts";
import { ConfigError } from "../core/errors.ts";
import { fileErrorText } from "../core/file-error.ts";
import type { Log } from "../core/log.ts";
import { readClientTls } from "../core/tls/tls-material.ts";
import { notificationOf, parseSecrets, signatureHeaders } from "../services/notify/notification.ts";
import { Notifier } from "../services/notify/notifier.ts";
import { WebClient } from "../sources/web/web-client.ts";
import type { Registry } from "../telemetry/metrics/registry.ts";
import type { FlagPipeline } from "./flag-pipeline.ts";

const timeoutMs = 10_000;
/** What waits at the end must not hold up the end. */
const lastTryMs = 2_000;

/**
 * Tells `--notify-url` of every change.
 * @throws ConfigError for a secret or a CA that cannot be used
 */
export function startNotifying(
  config: NotifyConfig,
  pipeline: FlagPipeline,
  registry: Registry,
  log: Log,
): { stop(graceMs: number): Promise<void> } {
  const { url, caPath } = config;
  const own = log.with({ component: "notify" });
  const tls = () =>
    caPath === undefined ? {} : readClientTls({ ca: { path: caPath, option: "--notify-ca-path" } });
  // What is wrong with the files is said now, not at the first change.
  secretsOf(config);
  if (url.protocol === "https:") tls();
  const client = new WebClient({ timeoutMs, silenceMs: timeoutMs, tls });
  const notifier = new Notifier({
    host: url.host,
    async send(notification, signal) {
      const { body } = notification;
      const headers = signatureHeaders(notification, secretsOf(config), Date.now());
      const answer = await client.request({ url, method: "POST", headers, body }, signal);
      const retryAfter = Number(answer.headers.get("retry-after") ?? 0);
      return { status: answer.status, ...(retryAfter > 0 && { retryAfter }) };
    },
    registry,
    log: own,
    clock: systemClock,
  });
  const unsubscribe = pipeline.history.subscribe((record) => notifier.add(notificationOf(record)));
  own.info(`${url.host} is told of changed flags`);
  return {
    async stop(graceMs) {
      unsubscribe();
      await notifier.stop(Math.min(graceMs, lastTryMs));
      client.close();
    },
  };
}

/** The file is read again each time: a new secret needs no restart. */
function secretsOf({ secret, secretPath }: NotifyConfig) {
  if (secretPath === undefined) return parseSecrets(secret ?? "", "FLAGD_NOTIFY_SECRET");
  const name = `--notify-secret-path: ${secretPath}`;
  try {
    return parseSecrets(readFileSync(secretPath, "utf8"), name);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`${name}: ${fileErrorText(error)}`);
  }
}
