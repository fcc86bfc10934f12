/** RFC 9113 §3.4. */
const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

/** Tells HTTP/2 from HTTP/1.1 by a connection's first bytes; undefined: too few to tell. */
export function sniffProtocol(first: Uint8Array): "http2" | "http1" | undefined {
  const compared = Math.min(first.length, preface.length);
  if (preface.compare(first, 0, compared, 0, compared) !== 0) return "http1";
  return compared === preface.length ? "http2" : undefined;
}
