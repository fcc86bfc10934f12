import { parseTokens } from "../services/access/token-file.ts";
import { sha256 } from "../services/access/token-table.ts";

/**
 * The line of a token for the file of tokens, with the SHA-256 of its text.
 * @throws ConfigError if the name is none
 */
export function newTokenLine(name: string, text: string): string {
  const entry = { name, sha256: sha256(text), surfaces: ["evaluation", "ofrep", "sync"] };
  parseTokens(JSON.stringify({ tokens: [entry] }));
  return `- ${JSON.stringify(entry)}`;
}
