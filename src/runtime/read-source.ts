import { systemClock } from "../core/clock.ts";
import { silentLog } from "../core/log.ts";
import { type Payload, SourceError } from "../sources/source.ts";
import { createSource, type SourceConfig } from "../sources/source-table.ts";

/** What a source had when it was read. */
export interface SourceDocument extends Payload {
  /** The source's: its URI without what may be secret, or the path of its file. */
  readonly name: string;
  readonly provider: string;
}

/** Longer than any source needs that works; the kinds have shorter timeouts for what they do. */
const timeoutMs = 60_000;
/** More than any flag document that is not a mistake, as of a file. */
const maxInput = 256 * 1024 * 1024;

/**
 * Reads a source once. It keeps no connection, timer or watcher.
 * @throws ConfigError for a URI or setting that cannot be used
 * @throws SourceError if the first attempt fails, or the source has no flags
 */
export async function readSource(config: SourceConfig): Promise<SourceDocument> {
  const source = await createSource(onlyOnce(config), { clock: systemClock, log: silentLog });
  const { name } = source;
  let taken: Payload | undefined;
  let reason = `no flags within ${timeoutMs / 1000} s`;
  const ended = new AbortController();
  const timeout = setTimeout(() => ended.abort(), timeoutMs);
  const sink = {
    async accept(payload: Payload) {
      taken ??= payload;
      ended.abort();
      return true;
    },
    unchanged() {},
    failed(message: string) {
      if (!ended.signal.aborted) reason = message;
      ended.abort();
    },
  };
  try {
    await source.run(sink, ended.signal);
  } finally {
    clearTimeout(timeout);
  }
  if (taken === undefined) throw new SourceError(`source ${name}: ${reason}`);
  return { ...taken, name, provider: config.provider };
}

/** Without what looks for changes. */
function onlyOnce(config: SourceConfig): SourceConfig {
  if (config.provider === "redis") return { ...config, watch: false };
  if (config.provider === "file") return { ...config, provider: "fileinfo" };
  return config;
}

/**
 * A document from standard input.
 * @throws SourceError if it is empty or too large
 */
export async function readStandardInput(
  input: ReadableStream<Uint8Array> = Bun.stdin.stream(),
): Promise<SourceDocument> {
  const name = "standard input";
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of input) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > maxInput) throw new SourceError(`${name} is larger than ${maxInput} bytes`);
  }
  if (length === 0) throw new SourceError(`${name} is empty`);
  const document = Buffer.concat(chunks, length);
  return { document, format: "any", name, provider: "file" };
}
