import type { LogFields, LogLevel } from "../../core/log.ts";
import type { Problem } from "../../flags/model.ts";
import type { ReadPayload } from "../source.ts";
import type { SourceConfig } from "../source-kinds.ts";

/** What the thread of a source is started with. */
export interface Task {
  readonly config: SourceConfig;
  /** Reject documents that break the schema even where they could be loaded. */
  readonly strict: boolean;
  readonly debugging: boolean;
}

/** To the thread of a source. */
export type ToThread =
  | { readonly kind: "resync" }
  /** What became of the documents, in the order in which they came. */
  | { readonly kind: "taken"; readonly accepted: boolean }
  | { readonly kind: "stop" };

/** From the thread of a source. */
export type FromThread =
  | { readonly kind: "document"; readonly payload: ReadPayload }
  /** What is odd about the document before. */
  | {
      readonly kind: "oddities";
      readonly origin?: string;
      readonly warnings: readonly Problem[];
      readonly information: readonly Problem[];
    }
  | { readonly kind: "unchanged" }
  | { readonly kind: "failed"; readonly reason: string }
  | {
      readonly kind: "log";
      readonly level: LogLevel;
      readonly message: string;
      readonly fields: LogFields;
    }
  /** With the reason where it was not told to stop. */
  | { readonly kind: "ended"; readonly reason: string | undefined };
