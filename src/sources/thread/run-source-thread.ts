import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "../../core/clock.ts";
import { messageOf } from "../../core/errors.ts";
import type { Log, LogFields, LogLevel } from "../../core/log.ts";
import { atOnce } from "../../core/turns.ts";
import { checkTargeting } from "../../evaluation/rule/check.ts";
import { CheckedFlags } from "../../flags/checked-flags.ts";
import { parseDocument } from "../../flags/document.ts";
import type { Problem } from "../../flags/model.ts";
import { type PackedDocument, pack } from "../../flags/packed.ts";
import type { Payload, SourceSink } from "../source.ts";
import { createSource } from "../source-table.ts";
import type { FromThread, StartedTask, ToThread } from "./thread-source.ts";

/** A source in a thread of its own, which also reads its documents. */
export async function runSourceThread(): Promise<void> {
  if (!parentPort) throw new Error("this runs in a worker thread");
  const port = parentPort;
  const send = (message: FromThread) => port.postMessage(message);
  const { config, strict, debugging, serving } = workerData as StartedTask;
  const source = await createSource(config, {
    clock: systemClock,
    log: createForwardingLog(send, debugging, {}),
  });
  const aborted = new AbortController();
  const waiting: ((accepted: boolean) => void)[] = [];
  port.on("message", (message: ToThread) => {
    if (message.kind === "resync") source.resync();
    else if (message.kind === "taken") waiting.shift()?.(message.accepted);
    else aborted.abort();
  });
  const checked = new CheckedFlags();
  const sink: SourceSink = {
    serving,
    async accept({ document, format, ...facts }) {
      const bytes = typeof document === "string" ? Buffer.byteLength(document) : document.length;
      const { problems = [], ...rest } = facts;
      const { reading, warnings, information } =
        strict && problems.length > 0
          ? { reading: { ok: false, problems } as const, warnings: () => [], information: () => [] }
          : read({ document, format }, { strict, source: source.name, inform: debugging, checked });
      send({ kind: "document", payload: { ...rest, bytes, reading } });
      const taken = new Promise<boolean>((resolve) => waiting.push(resolve));
      // Looking for oddities takes as long as reading: what waits for the flags goes first.
      await new Promise(setImmediate);
      const { origin } = facts;
      const found = [...problems, ...warnings()];
      const told = { warnings: found, information: information() };
      if (found.length + told.information.length > 0)
        send({ kind: "oddities", ...(origin && { origin }), ...told });
      // What was made of a large document is garbage now, several times its size.
      setTimeout(() => Bun.gc(true), 1);
      return taken;
    },
    unchanged: () => send({ kind: "unchanged" }),
    failed: (reason) => send({ kind: "failed", reason }),
  };
  const reason = await source.run(sink, aborted.signal).then(
    () => undefined,
    (error: unknown) => messageOf(error),
  );
  send({ kind: "ended", reason });
}

/** Reads a document in a form that threads can share; what is odd about it is told on demand. */
export function read(
  { document, format }: Pick<Payload, "document" | "format">,
  {
    strict,
    source,
    inform,
    checked,
  }: {
    readonly strict: boolean;
    readonly source: string;
    readonly inform?: boolean;
    readonly checked?: CheckedFlags;
  },
): {
  readonly reading: PackedDocument;
  warnings(): readonly Problem[];
  /** After the warnings. */
  information(): readonly Problem[];
} {
  const parsed = parseDocument(document, {
    format,
    strict,
    checkTargeting,
    inform: inform ?? false,
    ...(checked && { checked }),
  });
  if (!parsed.ok) return { reading: parsed, warnings: () => [], information: () => [] };
  const reading = { ok: true, flagSet: pack(parsed.flagSet, source) } as const;
  const { information } = parsed;
  return { reading, warnings: () => atOnce(parsed.warnings()), information };
}

/** The log of the process is written by one thread. */
function createForwardingLog(
  send: (message: FromThread) => void,
  debugging: boolean,
  own: LogFields,
): Log {
  const at = (level: LogLevel) => (message: string, fields?: LogFields) =>
    send({ kind: "log", level, message, fields: { ...own, ...fields } });
  return {
    debugging,
    debug: debugging ? at("debug") : () => {},
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    fatal: at("fatal"),
    with: (fields) => createForwardingLog(send, debugging, { ...own, ...fields }),
  };
}
