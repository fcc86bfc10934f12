/** What a server says of itself in its answer to HELLO. */
export interface ServerFacts {
  /** Undefined: it did not say. */
  readonly mode: "standalone" | "cluster" | "sentinel" | undefined;
  /** Whether it has JSON.GET: a module's name in RedisJSON and Valkey JSON. */
  readonly json: boolean;
}

const modes = ["standalone", "cluster", "sentinel"] as const;

/** @param hello the answer; anything else than a map says nothing */
export function serverFacts(hello: unknown): ServerFacts {
  const entries = typeof hello === "object" && hello !== null ? hello : {};
  const { mode, modules } = entries as { readonly mode?: unknown; readonly modules?: unknown };
  const names = Array.isArray(modules) ? modules.map(moduleName) : [];
  return {
    mode: modes.find((name) => name === mode),
    json: names.some((name) => /^(ReJSON|json)$/i.test(name)),
  };
}

function moduleName(module: unknown): string {
  if (typeof module !== "object" || module === null || !("name" in module)) return "";
  return String(module.name);
}
