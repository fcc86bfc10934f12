import { X509Certificate } from "node:crypto";
import { constants } from "node:fs";
import { access, mkdir, readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import { dirname, resolve } from "node:path";
import type { Address } from "../../config/serving.ts";
import type { StartConfig } from "../../config/start-config.ts";
import { messageOf } from "../../core/errors.ts";
import { sameAddress } from "../../core/tcp-address.ts";
import type { ServerTls } from "../../core/tls/tls-material.ts";
import { atOnce } from "../../core/turns.ts";
import { checkTargeting } from "../../evaluation/rule/check.ts";
import { parseDocument } from "../../flags/document.ts";
import { readTokens } from "../../services/access/token-file.ts";
import { kindOf, type SourceConfig } from "../../sources/source-table.ts";
import { claim, describeAddress } from "../../transport/bind.ts";
import { readCertificates } from "../../transport/certificates.ts";
import { listenerName } from "../addresses.ts";
import { readSource } from "../read-source.ts";
import { type Ailment, repairOf } from "./repair.ts";

/** One thing that was tried. */
export interface Check {
  readonly what: "options" | "source" | "certificate" | "port" | "folder" | "tokens" | "collector";
  readonly subject: string;
  readonly status: "ok" | "warning" | "failed";
  readonly message: string;
  /** One command that repairs it, or shows what to repair. */
  readonly repair?: string;
}

/** Tries everything that `flagd start` needs, as it would, and leaves nothing behind. Never rejects. */
export async function checkup(config: StartConfig): Promise<Check[]> {
  const found = await Promise.all([
    ...config.sources.map((source) => checkSource(source, config)),
    ...(config.evaluation.tls ? [checkCertificates(config.evaluation.tls)] : []),
    ...ports(config).map(checkPort),
    ...(config.stateDir === undefined ? [] : [checkFolder(config.stateDir)]),
    ...(config.tokensPath === undefined ? [] : [checkTokens(config.tokensPath)]),
    ...collectors(config).map(checkCollector),
  ]);
  const warnings = config.warnings.map(
    (message): Check => ({ what: "options", subject: "options", status: "warning", message }),
  );
  return [...warnings, ...found.flat()];
}

function failed(what: Check["what"], subject: string, error: unknown, ailment: Ailment): Check {
  const message = messageOf(error);
  const repair = repairOf(message, ailment);
  return { what, subject, status: "failed", message, ...(repair && { repair }) };
}

/** Reads it once, and looks at what it has as the daemon does. */
async function checkSource(source: SourceConfig, { strict }: StartConfig): Promise<Check> {
  const what = "source";
  const subject = kindOf(source.provider).nameOf(source);
  const ailment: Ailment = { what, provider: source.provider, subject, uri: source.uri };
  try {
    const { document, format, problems = [] } = await readSource(source);
    const parsed = parseDocument(document, { format, strict, checkTargeting });
    if (!parsed.ok) {
      const [problem] = parsed.problems;
      const more = parsed.problems.length > 1 ? ` (and ${parsed.problems.length - 1} more)` : "";
      throw new Error(`the flags are rejected: ${problem?.path}: ${problem?.reason}${more}`);
    }
    const warnings = [...problems, ...atOnce(parsed.warnings())];
    const flags = `${parsed.flagSet.flags.length} flags`;
    if (warnings.length === 0) return { what, subject, status: "ok", message: flags };
    const message = `${flags}, ${warnings.length} warnings`;
    const repair = repairOf("warnings", ailment);
    return { what, subject, status: "warning", message, ...(repair && { repair }) };
  } catch (error) {
    return failed(what, subject, withoutName(error, subject), ailment);
  }
}

/** The subject is told already. */
function withoutName(error: unknown, subject: string): Error {
  return new Error(messageOf(error).replace(`source ${subject}: `, ""));
}

const soonMs = 14 * 24 * 3_600_000;

async function checkCertificates(tls: ServerTls): Promise<Check> {
  const what = "certificate";
  const subject = tls.certPath;
  const ailment: Ailment = { what, subject, keyPath: tls.keyPath };
  try {
    readCertificates(tls);
    const certificate = new X509Certificate(await readFile(tls.certPath));
    const ends = Date.parse(certificate.validTo);
    const begins = Date.parse(certificate.validFrom);
    if (ends < Date.now()) throw new Error(`expired at ${new Date(ends).toISOString()}`);
    if (begins > Date.now()) throw new Error(`not valid before ${new Date(begins).toISOString()}`);
    const message = `valid until ${new Date(ends).toISOString()}`;
    if (ends - Date.now() > soonMs) return { what, subject, status: "ok", message };
    const repair = repairOf("expires", ailment);
    return { what, subject, status: "warning", message, ...(repair && { repair }) };
  } catch (error) {
    return failed(what, subject, error, ailment);
  }
}

type Port = readonly [name: string, address: Address];

function ports({ evaluation, sync, ofrep, management }: StartConfig): Port[] {
  const together = sameAddress(ofrep.address, management);
  return [
    [listenerName("evaluation", "port", evaluation.address), evaluation.address],
    [listenerName("sync stream", "sync-port", sync.address), sync.address],
    [
      together ? "OFREP and management (--ofrep-port, --management-port)" : "OFREP (--ofrep-port)",
      ofrep.address,
    ],
    ...(together ? [] : ([["management (--management-port)", management]] as const)),
  ];
}

async function checkPort([name, address]: Port): Promise<Check> {
  const what = "port";
  const subject = `${describeAddress(address)}, ${name}`;
  try {
    if ("port" in address) await claim(address.port, name, address.host);
    else await access(dirname(resolve(address.socketPath)), constants.W_OK);
    return { what, subject, status: "ok", message: "free" };
  } catch (error) {
    const message = messageOf(error).replace(`${name}: `, "");
    return failed(what, subject, new Error(message), { what, address });
  }
}

/** The daemon makes it, if it is not there; so it is made here, and removed again. */
async function checkFolder(path: string): Promise<Check> {
  const what = "folder";
  try {
    const made = await mkdir(path, { recursive: true, mode: 0o700 });
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
    if (made !== undefined) await rm(made, { recursive: true });
    const message = made === undefined ? "writable" : "will be made";
    return { what, subject: path, status: "ok", message };
  } catch (error) {
    const reason = new Error(`--state-dir cannot be used: ${messageOf(error)}`);
    return failed(what, path, reason, { what, subject: path });
  }
}

async function checkTokens(path: string): Promise<Check> {
  const what = "tokens";
  try {
    readTokens(path);
    return { what, subject: path, status: "ok", message: "readable" };
  } catch (error) {
    return failed(what, path, error, { what, subject: path });
  }
}

function collectors({ telemetry }: StartConfig): URL[] {
  const { metrics, traces, events } = telemetry;
  const targets = [metrics, traces, events].flatMap((signal) => signal?.to ?? []);
  const urls = targets.flatMap((target) => (target === "console" ? [] : [target.url]));
  const byHost = new Map(urls.map((url) => [new URL(url).host, new URL(url)]));
  return [...byHost.values()];
}

const connectMs = 3_000;

/** Whether something listens there; a daemon starts without it. */
function checkCollector({ hostname, port, protocol, host }: URL): Promise<Check> {
  const { promise, resolve } = Promise.withResolvers<Check>();
  const what = "collector";
  const end = (problem?: string) => {
    socket.destroy();
    if (problem === undefined) {
      resolve({ what, subject: host, status: "ok", message: "accepts connections" });
      return;
    }
    resolve({
      ...failed(what, host, new Error(problem), { what, subject: host }),
      status: "warning",
    });
  };
  const number = Number(port) || (protocol === "https:" ? 443 : 80);
  const socket = connect({ host: hostname.replace(/^\[|\]$/g, ""), port: number });
  socket.setTimeout(connectMs, () => end(`no connection within ${connectMs / 1000} s`));
  socket.once("connect", () => end());
  socket.once("error", (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
  return promise;
}
