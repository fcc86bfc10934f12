import { parseDocument } from "../flags/document.ts";
import type { JsonObject, Problem } from "../flags/model.ts";
import type { Store } from "../store/store.ts";
import type { Log } from "../telemetry/log.ts";
import type { Payload, Source, SourceSink } from "./source.ts";
import type { SourceStatus } from "./status.ts";

export interface IntakeOptions {
  readonly store: Store;
  readonly status: SourceStatus;
  /** Reject documents that break the schema even where they could be loaded. */
  readonly strict: boolean;
  readonly log: Log;
  /** A payload was accepted and is in the store. */
  readonly onAccepted?: (payload: Payload) => void;
  /** The evaluation context that the source's payload brought along. */
  readonly onContext?: (context: JsonObject) => void;
}

/** Problems of one document that are written out in the log. */
const mostShown = 10;

/** What `source` delivers to: parses, stores, and tells the operator what became of it. */
export function createIntake(source: Source, options: IntakeOptions): SourceSink {
  const { store, status, strict } = options;
  const log = options.log.with({ source: source.name, provider: source.provider });

  return {
    async accept(payload) {
      const { document } = payload;
      const parsed = parseDocument(document, { format: payload.format, strict });
      if (!parsed.ok) {
        const reason = list(parsed.problems);
        if (status.rejected(reason)) {
          log.error(`flag document rejected, ${remaining(status)}: ${reason}`, from(payload));
        }
        return false;
      }
      const bytes = typeof document === "string" ? Buffer.byteLength(document) : document.length;
      const { written, updated, deleted } = store.accept(source.name, parsed.flagSet, {
        incremental: payload.incremental ?? false,
      });
      if (payload.context) options.onContext?.(payload.context);
      options.onAccepted?.(payload);
      const first = !status.delivered;
      const recovered = status.accepted(bytes, payload.hash);
      if (first || recovered || written + updated + deleted > 0) {
        log.info("flags updated", {
          flags: parsed.flagSet.flags.length,
          written,
          updated,
          deleted,
        });
      }
      // What waited for the flags goes first: looking for oddities takes as long as reading them.
      await new Promise(setImmediate);
      if (parsed.warnings.length > 0) {
        log.warn(`flag document has oddities: ${list(parsed.warnings)}`, from(payload));
      }
      return true;
    },
    unchanged() {
      if (status.unchanged()) log.info("source is back, its flags are unchanged");
    },
    failed(reason) {
      if (status.failed(reason)) log.warn(`${reason}; ${remaining(status)}`);
    },
  };
}

function remaining(status: SourceStatus): string {
  return status.delivered ? "the last good flags stay in use" : "there are no flags from it yet";
}

function from({ origin }: Payload): { readonly origin?: string } {
  return origin === undefined ? {} : { origin };
}

function list(problems: readonly Problem[]): string {
  const shown = problems.slice(0, mostShown).map(({ path, reason }) => `${path}: ${reason}`);
  const more = problems.length - shown.length;
  return shown.join("; ") + (more > 0 ? `; and ${more} more` : "");
}
