import { SourceError } from "../source-error.ts";
import type { WholeAnswer } from "./web-client.ts";

/** Longest part of an answer that is quoted. */
const mostQuoted = 200;

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
  return found?.[1]?.replace(/[^\w.\- ]/g, "?").slice(0, mostQuoted);
}
