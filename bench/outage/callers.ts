import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Service } from "../../src/gen/flagd/evaluation/v1/evaluation_pb.ts";
import type { Flagd } from "../../tests/support/flagd.ts";

/** The flag that callers evaluate; its value says which document is in use. */
export const flagKey = "revision";

export function documentOf(revision: number): string {
  const variants = { it: `revision ${revision}` };
  return JSON.stringify({
    flags: { [flagKey]: { state: "ENABLED", variants, defaultVariant: "it" } },
  });
}

/** Evaluations of all daemons, one after the other in each, over OFREP and gRPC by turns. */
export class Callers implements Disposable {
  succeeded = 0;
  readonly failures: string[] = [];
  /** The last value of each daemon. */
  readonly values: string[] = [];
  #stopped = false;

  constructor(daemons: readonly Flagd[], everyMs: number) {
    for (const [index, daemon] of daemons.entries()) void this.#call(index, daemon, everyMs);
  }

  async #call(index: number, daemon: Flagd, everyMs: number): Promise<void> {
    const baseUrl = `http://127.0.0.1:${daemon.port}`;
    const grpc = createClient(Service, createGrpcTransport({ baseUrl }));
    const url = `${daemon.http}/ofrep/v1/evaluate/flags/${flagKey}`;
    const protocols = [
      async () => {
        const response = await fetch(url, { method: "POST", body: "{}" });
        return ((await response.json()) as { value: unknown }).value;
      },
      async () => (await grpc.resolveString({ flagKey })).value,
    ];
    while (!this.#stopped) {
      for (const evaluate of protocols) {
        try {
          const value = await evaluate();
          if (typeof value !== "string" || !value.startsWith("revision ")) {
            throw new Error(`the value ${value}`);
          }
          this.values[index] = value;
          this.succeeded++;
        } catch (error) {
          if (!this.#stopped) this.failures.push(`${url}: ${error}`);
        }
        await Bun.sleep(everyMs);
      }
    }
  }

  [Symbol.dispose](): void {
    this.#stopped = true;
  }
}
