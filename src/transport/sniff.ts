import { http2Preface } from "../core/http2-preface.ts";

/** Tells HTTP/2 from HTTP/1.1 by a connection's first bytes; undefined: too few to tell. */
export function sniffProtocol(first: Uint8Array): "http2" | "http1" | undefined {
  const compared = Math.min(first.length, http2Preface.length);
  if (http2Preface.compare(first, 0, compared, 0, compared) !== 0) return "http1";
  return compared === http2Preface.length ? "http2" : undefined;
}
