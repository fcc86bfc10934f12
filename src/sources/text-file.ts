import { readFile } from "node:fs/promises";
import { messageOf, SourceError } from "./source-error.ts";

/**
 * The text of a file that the operator has named or mounted: a certificate, a token, a secret.
 * @param explain makes the error's message of the reason why the file cannot be read
 * @throws SourceError, a permanent one
 */
export async function readTextFile(
  path: string,
  explain = (reason: string) => `cannot read ${path}: ${reason}`,
): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new SourceError(explain(messageOf(error)), { retryable: false });
  }
}
