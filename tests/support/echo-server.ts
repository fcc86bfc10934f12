/** A listener for the echo service, and a proper client to see whether it still answers. */
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { Service } from "../../src/gen/flagd/evaluation/v1/evaluation_pb.ts";
import type { Timeouts } from "../../src/transport/limits.ts";
import { listen } from "../../src/transport/listen.ts";
import type { Listener, ListenerOptions } from "../../src/transport/listener.ts";
import { createEchoService, type EchoService, echoOptions } from "./echo-service.ts";
import { type LogEntry, rememberingLog } from "./remembering-log.ts";

export interface EchoServer {
  readonly listener: Listener;
  readonly service: EchoService;
  readonly port: number;
  readonly log: readonly LogEntry[];
  /** Calls it over gRPC and over HTTP/1.1, on new connections. @throws if it does not answer. */
  readonly answers: () => Promise<void>;
}

export async function startEchoServer(
  options: Partial<ListenerOptions> = {},
  timeouts: Partial<Timeouts> = {},
): Promise<EchoServer> {
  const service = createEchoService();
  const log = rememberingLog();
  const listener = await listen({ ...echoOptions(service, true), log, ...options }, timeouts);
  const port = "port" in listener.address ? listener.address.port : 0;
  const baseUrl = `http://127.0.0.1:${port}`;
  return {
    listener,
    service,
    port,
    log: log.entries,
    answers: async () => {
      for (const make of [
        () => createGrpcTransport({ baseUrl, idleConnectionTimeoutMs: 50 }),
        () => createConnectTransport({ baseUrl, httpVersion: "1.1" }),
      ]) {
        const client = createClient(Service, make());
        const flagKey = `still here ${Math.random()}`;
        const answer = await client.resolveString({ flagKey }, { timeoutMs: 10_000 });
        if (answer.value !== flagKey) throw new Error(`wrong answer: ${answer.value}`);
      }
    },
  };
}
