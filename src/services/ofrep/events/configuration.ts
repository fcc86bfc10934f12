/** The flags that a selector sees, as event streams speak of them. */
import { once } from "../../../evaluation/memo.ts";
import type { View } from "../../../store/view.ts";

/** What a client was told of a configuration; members are absent where it did not say. */
export interface NamedConfiguration {
  readonly etag?: string;
  /** Seconds since 1970. */
  readonly lastModified?: number;
}

/**
 * Names the content of a view, without quotes. Daemons that read the same flags agree on it, so that
 * a client may be told by one of them and ask another.
 */
export const configurationTag = once((view: View) => Bun.hash(view.syncPayload).toString(36));

/** The query parameters `flagConfigEtag` and `flagConfigLastModified`; undefined: neither is usable. */
export function namedConfiguration(url: string): NamedConfiguration | undefined {
  const query = url.indexOf("?");
  if (query < 0 || !url.includes("flagConfig", query)) return undefined;
  const parameters = new URLSearchParams(url.slice(query));
  const etag = parameters.get("flagConfigEtag")?.replace(/^(?:W\/)?"(.*)"$/, "$1");
  const lastModified = seconds(parameters.get("flagConfigLastModified"));
  if (!etag && lastModified === undefined) return undefined;
  return { ...(etag && { etag }), ...(lastModified !== undefined && { lastModified }) };
}

/** Seconds since 1970, or a date of ISO 8601 or HTTP. */
function seconds(text: string | null): number | undefined {
  if (!text) return undefined;
  const number = /^\d+$/.test(text) ? Number(text) : Date.parse(text) / 1000;
  return Number.isFinite(number) ? number : undefined;
}
