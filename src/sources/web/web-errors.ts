import { ConfigError, messageOf } from "../../core/errors.ts";
import { tlsProblem } from "../../core/tls/tls-problems.ts";
import { SourceError } from "../source.ts";
import type { WholeAnswer } from "./web-client.ts";

/** Codes of Bun's `fetch` → words. */
const texts: readonly (readonly [codes: RegExp, text: string])[] = [
  [/ECONNREFUSED/, "connection refused"],
  [/ENOTFOUND|EAI_/, "the host name cannot be resolved"],
  [/ECONNRESET|EPIPE/, "the connection was lost"],
  [/ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/, "the host cannot be reached"],
  [/Malformed_HTTP|HTTP_Response|HPE_/, "the server does not speak HTTP"],
  [/ZlibError|Decompress|BrotliDecode|ZstdDecompress/i, "the response body cannot be decompressed"],
  [/ERR_PROXY_TUNNEL/, "the proxy in HTTPS_PROXY refused the connection"],
  [
    // BoringSSL's alert about a missing client certificate comes as a handshake that failed.
    /EPROTO|SSL|TLS|CERTIFICATE_REQUIRED/,
    "the TLS handshake failed: the server does not speak TLS on this port, or requires a client " +
      "certificate (clientCertPath and clientKeyPath)",
  ],
];

/** Why a request failed. Hosts are named, the rest of a URL is not: it may hold secrets. */
export function explainWebError(error: unknown, url: URL): SourceError {
  if (error instanceof SourceError) return error;
  if (error instanceof ConfigError) return new SourceError(error.message, { retryable: false });
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const message = messageOf(error);
  // Some messages quote the URL, so a code is better.
  const tls = tlsProblem(code || message);
  if (tls) return new SourceError(`${url.host}: ${tls}`, { retryable: false });
  const text = known(code) ?? known(message.replaceAll(" ", "_").toUpperCase());
  // Not the message itself if it quotes the URL, whose query may be secret.
  const plain = text ?? (code || message.split("\n")[0]?.replace(/\S+:\/\/\S+/g, "…"));
  return new SourceError(`${url.host}: ${plain}${hintAtTls(code, url)}`);
}

/** A port for TLS closes the connection, or sends an alert (RFC 8446 §6), when it is sent plain HTTP. */
function hintAtTls(code: string, { protocol }: URL): string {
  const may =
    protocol === "http:" && /ECONNRESET|EPIPE|Malformed_HTTP|HTTP_Response|HPE_/.test(code);
  return may ? " (if the port expects TLS, use https://)" : "";
}

function known(said: string): string | undefined {
  return texts.find(([codes]) => codes.test(said))?.[1];
}

/** Characters of an answer. */
const maxQuoted = 200;

/**
 * What an answer other than success means.
 * @param refused what to do about 401 and 403, which end the start
 */
export function refusal(answer: WholeAnswer, refused: string): SourceError {
  const { status } = answer;
  const line = `the server responded with ${status} ${answer.statusText}`.trim();
  if (status === 400 && expectsTls(answer)) {
    return new SourceError("the server expects TLS on this port: use https://", {
      retryable: false,
    });
  }
  const retryable = status !== 401 && status !== 403;
  return new SourceError(retryable ? line : `${line}: ${refused}`, { retryable });
}

/** Servers answer plain HTTP on a port for TLS with words such as "sent to HTTPS port". */
function expectsTls({ body }: WholeAnswer): boolean {
  const text = new TextDecoder().decode(body.subarray(0, 4096));
  return /HTTP request (?:was )?sent to (?:an )?HTTPS|HTTP request to an HTTPS|plain HTTP to an (?:SSL|TLS)/i.test(
    text,
  );
}

/** What a body of JSON or XML gives as its error code, such as `invalid_client` or `NoSuchKey`. */
export function errorCode({ body }: WholeAnswer): string | undefined {
  const text = new TextDecoder().decode(body.subarray(0, 4096));
  const found = /<Code>([^<]*)<\/Code>/i.exec(text) ?? /"error"\s*:\s*"([^"]*)"/.exec(text);
  return found?.[1]?.replace(/[^\w.\- ]/g, "?").slice(0, maxQuoted);
}

/** What a token server's answer other than success means (RFC 6749 §5.2). */
export function tokenRefusal({ host }: URL, answer: WholeAnswer): SourceError {
  const { status, statusText } = answer;
  const line = `the token server ${host} responded with ${status} ${statusText}`.trim();
  const code = errorCode(answer);
  return new SourceError(code ? `${line} (${code})` : line, {
    retryable: ![400, 401, 403].includes(status),
  });
}
