import type { Log } from "../core/log.ts";
import { Access } from "../services/access/access.ts";
import { checkName, followTokens, readTokens } from "../services/access/token-file.ts";
import { type Surface, sha256 } from "../services/access/token-table.ts";
import type { Registry } from "../telemetry/metrics/registry.ts";
import type { Guard } from "../transport/guard.ts";

/** Who may use the ports. */
export interface OpenAccess {
  /** Undefined: everybody. */
  guard(surface: Surface): Guard | undefined;
  close(): void;
}

/**
 * Reads the tokens, and reads them again when they change.
 * @throws ConfigError if the file cannot be used
 */
export function openAccess(path: string | undefined, registry: Registry, log: Log): OpenAccess {
  if (path === undefined) return { guard: () => undefined, close() {} };
  const own = log.with({ component: "access" });
  const access = new Access({ tokens: readTokens(path), registry, log: own });
  own.info("clients need a token, except for probes", { path });
  const close = followTokens(path, own, (tokens) => access.replace(tokens));
  return { guard: (surface) => access.guard(surface), close };
}

/**
 * The line of a token for the file of tokens, with the SHA-256 of its text.
 * @throws ConfigError if the name is none
 */
export function newTokenLine(name: string, text: string): string {
  checkName(name, "the name");
  const entry = { name, sha256: sha256(text), surfaces: ["evaluation", "ofrep", "sync"] };
  return `- ${JSON.stringify(entry)}`;
}
