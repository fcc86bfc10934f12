import { request } from "node:http";
import { isArray, isObject, type Json, type JsonObject } from "../../core/json.ts";
import { atHostOf, isNobodyThere } from "../../core/tcp-address.ts";
import type { Outcome } from "../../evaluation/outcomes.ts";
import { SourceError } from "../../sources/source.ts";

/** What a daemon is asked. */
export interface Question {
  /** Undefined: about every flag. */
  readonly key: string | undefined;
  readonly context: JsonObject;
  /** As clients write it; empty: every flag. */
  readonly selector: string;
}

/** Of the answer about all flags. */
const maxBytes = 256 * 1024 * 1024;

/**
 * Asks a daemon by OFREP.
 * @param url of OFREP
 * @throws SourceError if there is no answer
 */
export async function askDaemon(
  { key, context, selector }: Question,
  { url, timeoutMs }: { readonly url: URL; readonly timeoutMs: number },
): Promise<readonly Answer[]> {
  const path = key === undefined ? "" : `/${encodeURIComponent(key)}`;
  const target = new URL(`/ofrep/v1/evaluate/flags${path}`, url);
  const headers = {
    "Content-Type": "application/json",
    ...(selector !== "" && { "Flagd-Selector": selector }),
  };
  const body = JSON.stringify({ context });
  const signal = AbortSignal.timeout(timeoutMs);
  const { status, text } = await atHostOf(url, (host) =>
    post(host, target, { headers, body, signal }),
  ).catch((error) => {
    throw explainDaemonError(error, url.host, timeoutMs);
  });
  const answer = parsed(text);
  if (key !== undefined) {
    const one = answerOfOfrep(answer);
    if (one) return [one];
  } else if (status === 200 && isObject(answer) && isArray(answer.flags)) {
    return answer.flags.flatMap((element) => answerOfOfrep(element) ?? []);
  }
  const details =
    isObject(answer) && typeof answer.errorDetails === "string" ? answer.errorDetails : "";
  throw new SourceError(
    `${url.host} answers ${status}${details && `: ${details}`}; is this the OFREP port of flagd (--ofrep-port)?`,
  );
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/** Not by `fetch`, which asks the proxy of the environment. */
function post(
  host: string,
  url: URL,
  { body, signal, headers }: { body: string; signal: AbortSignal; headers: Record<string, string> },
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const { port, pathname: path } = url;
    const options = { host, port, path, method: "POST", signal };
    const call = request({ ...options, headers: { ...headers, host: url.host } }, (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length > maxBytes)
          call.destroy(new Error(`the answer is larger than ${maxBytes} bytes`));
      });
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
      );
      response.on("error", reject);
    });
    call.on("error", reject);
    call.end(body);
  });
}

function explainDaemonError(
  error: NodeJS.ErrnoException,
  host: string,
  timeoutMs: number,
): SourceError {
  if (error.name === "AbortError" || error.name === "TimeoutError")
    return new SourceError(`${host} does not answer within ${timeoutMs / 1000} s`);
  if (isNobodyThere(error)) return new SourceError(`nothing is listening on ${host}`);
  return new SourceError(`${host}: ${error.message}`);
}

/** What a flag answers, as a person or a program is told; JSON has no member for what is undefined. */
export interface Answer {
  readonly key: string;
  readonly value: Json | undefined;
  readonly variant: string | undefined;
  readonly reason: string;
  readonly errorCode: string | undefined;
  /** The message of an error that a daemon answered. */
  readonly errorDetails?: string | undefined;
  readonly metadata: JsonObject;
}

export function answerOf({ key, value, variant, reason, errorCode, metadata }: Outcome): Answer {
  return { key, value, variant, reason, errorCode, metadata };
}

/** The answer of a daemon, as OFREP has it; undefined if it is none. */
export function answerOfOfrep(element: Json | undefined): Answer | undefined {
  if (!isObject(element) || typeof element.key !== "string") return undefined;
  const { key, value, metadata } = element;
  const errorCode = text(element.errorCode);
  return {
    key,
    value,
    variant: text(element.variant),
    reason: errorCode === undefined ? (text(element.reason) ?? "UNKNOWN") : "ERROR",
    errorCode,
    errorDetails: text(element.errorDetails),
    metadata: isObject(metadata) ? metadata : {},
  };
}

function text(value: Json | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}
