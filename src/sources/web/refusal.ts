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
  const retryable = status !== 401 && status !== 403;
  return new SourceError(retryable ? line : `${line}: ${refused}`, { retryable });
}

/** What a body of JSON or XML gives as its error code, such as `invalid_client` or `NoSuchKey`. */
export function errorCode({ body }: WholeAnswer): string | undefined {
  const text = new TextDecoder().decode(body.subarray(0, 4096));
  const found = /<Code>([^<]*)<\/Code>/i.exec(text) ?? /"error"\s*:\s*"([^"]*)"/.exec(text);
  return found?.[1]?.replace(/[^\w.\- ]/g, "?").slice(0, mostQuoted);
}
