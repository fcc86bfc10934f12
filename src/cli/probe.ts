import { get } from "node:http";
import { type CommandDef, defineCommand } from "citty";
import { host as hostKind, tcpAddress } from "../config/kinds/tcp-address.ts";
import { manualOf } from "../config/manual/commands.ts";
import { commandHelp } from "../config/manual/help.ts";
import { probeOptions } from "../config/options/tool-options.ts";
import { commandLineValues } from "../config/resolve.ts";
import { ConfigError } from "../core/errors.ts";
import { visible } from "../core/message-text.ts";
import type { Environment } from "../core/process-info.ts";
import { atHostOf, isNobodyThere, showAddress } from "../core/tcp-address.ts";
import type { Io } from "./io.ts";

/** `flagd health` and `flagd ready`: what a probe of a container without shell and curl runs. */
export const probe = (name: "health" | "ready", io: Io): CommandDef =>
  defineCommand({
    meta: { name },
    async run({ rawArgs }): Promise<number> {
      const values = commandLineValues(probeOptions, rawArgs);
      if (!values) {
        await io.print(commandHelp(manualOf(name)));
        return 0;
      }
      const { addr, timeout } = values;
      const url = urlOf(
        addr || configuredAddress(io.environment),
        name === "health" ? "/healthz" : "/readyz",
      );
      const problem = await ask(url, timeout);
      if (problem === undefined) {
        await io.print(`${name === "health" ? "healthy" : "ready"}\n`);
        return 0;
      }
      const not = name === "health" ? "not healthy" : "not ready";
      await io.complain(`${not}: ${visible(problem).replaceAll("\n", " ")}\n`);
      return 1;
    },
  });

/** A daemon that listens at all addresses is asked at this machine's own. */
function configuredAddress(environment: Environment): string {
  const { FLAGD_LISTEN = "", FLAGD_MANAGEMENT_PORT } = environment;
  const { port, host = hostKind.fromText(FLAGD_LISTEN) } = tcpAddress.fromText(
    FLAGD_MANAGEMENT_PORT || "8014",
  );
  return showAddress({ port, host: /^(?:|0\.0\.0\.0|::)$/.test(host) ? "localhost" : host });
}

function urlOf(addr: string, path: string): URL {
  const url = URL.parse(`http://${addr.startsWith(":") ? `localhost${addr}` : addr}${path}`);
  if (url && url.pathname === path && url.port !== "") return url;
  throw new ConfigError(`--addr: ${JSON.stringify(addr)} is not host:port, such as localhost:8014`);
}

/** More than any answer to a probe. */
const maxBytes = 64 << 10;

/** @returns why the daemon is not well; undefined if it is */
async function ask(url: URL, timeoutMs: number): Promise<string | undefined> {
  try {
    return await atHostOf(url, (host) => askAt(host, url, timeoutMs));
  } catch (error) {
    return explainProbeError(error as NodeJS.ErrnoException, url, timeoutMs);
  }
}

function askAt(host: string, url: URL, timeoutMs: number): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const { port, pathname: path } = url;
    const headers = { host: url.host };
    const signal = AbortSignal.timeout(timeoutMs);
    // Not `fetch`, which asks the proxy of the environment.
    const request = get({ host, port, path, headers, signal }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => {
        body = (body + text).slice(0, maxBytes);
      });
      response.on("end", () => {
        resolve(response.statusCode === 200 ? undefined : whyNot(response.statusCode, body));
      });
      response.on("error", reject);
    });
    request.on("error", reject);
  });
}

function explainProbeError(error: NodeJS.ErrnoException, { host }: URL, timeoutMs: number): string {
  if (error.name === "AbortError" || error.name === "TimeoutError") {
    return `${host} does not answer within ${timeoutMs / 1000} s`;
  }
  if (isNobodyThere(error)) return `nothing is listening on ${host}`;
  return `${host}: ${error.message}`;
}

/** What `/readyz` says of the sources that have not delivered. */
function whyNot(status: number | undefined, body: string): string {
  try {
    const { status: state, sources = [] } = JSON.parse(body) as ReadyzAnswer;
    const waiting = sources.filter((source) => source.state !== "synced");
    const reasons = waiting.map(({ source, reason, state }) => `${source}: ${reason ?? state}`);
    return [state, ...reasons].join("; ");
  } catch {
    return `the answer is ${status}; is this the management port of flagd (--management-port)?`;
  }
}

interface ReadyzAnswer {
  readonly status: string;
  readonly sources?: readonly {
    readonly source: string;
    readonly state: string;
    readonly reason?: string;
  }[];
}
