import type { Message } from "@bufbuild/protobuf";
import { ExportError } from "./exporter.ts";

/** What the responses of all signals have in common. */
interface Response extends Message {
  readonly partialSuccess?: {
    readonly rejectedDataPoints?: bigint;
    readonly rejectedSpans?: bigint;
    readonly errorMessage?: string;
  };
}

/**
 * A collector that keeps only a part answers with success all the same (OTLP, "Partial Success").
 * @throws ExportError
 */
export function checkPartialSuccess(response: Message): void {
  const { partialSuccess: partial } = response as Response;
  const rejected = partial?.rejectedDataPoints ?? partial?.rejectedSpans ?? 0n;
  if (rejected === 0n && !partial?.errorMessage) return;
  throw new ExportError(`the collector rejected ${rejected}: ${partial?.errorMessage}`, false);
}
