/** What operators' tools ask of the ports: health checks and reflection, over the real listener. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Service } from "../../src/gen/flagd/evaluation/v1/evaluation_pb.ts";
import {
  Health,
  HealthCheckResponse_ServingStatus as Status,
} from "../../src/gen/grpc/health/v1/health_pb.ts";
import { ServerReflection } from "../../src/gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionAlpha } from "../../src/gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { healthRoutes } from "../../src/services/health.ts";
import { reflectionRoutes } from "../../src/services/reflection.ts";
import { type EchoServer, startEchoServer } from "../support/echo-server.ts";
import { createEchoService } from "../support/echo-service.ts";
import { until } from "../support/until.ts";

let server: EchoServer;
let serving = false;
const listeners = new Set<() => void>();
const change = (to: boolean) => {
  serving = to;
  for (const listener of listeners) listener();
};

beforeAll(async () => {
  const echo = createEchoService();
  const health = healthRoutes({
    services: [Service],
    serving: () => serving,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  });
  const reflection = reflectionRoutes([Service, Health]);
  server = await startEchoServer({
    web: false,
    routes: async () => (router) => {
      echo.routes(router);
      health(router);
      reflection(router);
    },
  });
});
afterAll(() => server.listener.drain(0));

const transport = () => createGrpcTransport({ baseUrl: `http://127.0.0.1:${server.port}` });

describe("health", () => {
  let client: Client<typeof Health>;
  beforeAll(() => {
    client = createClient(Health, transport());
  });

  test.each(["", "flagd.evaluation.v1.Service"])(
    "a check of %p tells the status",
    async (service) => {
      change(false);
      expect((await client.check({ service })).status).toBe(Status.NOT_SERVING);
      change(true);
      expect((await client.check({ service })).status).toBe(Status.SERVING);
    },
  );

  test("a check of an unknown service is NOT_FOUND", async () => {
    const error = await client.check({ service: "nobody" }).catch((thrown) => thrown);
    expect(ConnectError.from(error).code).toBe(Code.NotFound);
  });

  test("a watch sends the status now and at each change, until it is cancelled", async () => {
    change(false);
    const abort = new AbortController();
    const stream = client.watch({ service: "" }, { signal: abort.signal })[Symbol.asyncIterator]();
    const next = async () => (await stream.next()).value?.status;
    expect(await next()).toBe(Status.NOT_SERVING);
    change(true);
    expect(await next()).toBe(Status.SERVING);
    change(true);
    change(false);
    expect(await next()).toBe(Status.NOT_SERVING);
    abort.abort();
    await until("the end of the subscription", () => listeners.size === 0);
  });

  test("a watch of an unknown service says so and stays", async () => {
    const abort = new AbortController();
    const stream = client.watch({ service: "nobody" }, { signal: abort.signal });
    const first = await stream[Symbol.asyncIterator]().next();
    expect(first.value?.status).toBe(Status.SERVICE_UNKNOWN);
    expect(listeners.size).toBe(1);
    abort.abort();
    await until("the end of the subscription", () => listeners.size === 0);
  });
});

describe.each([
  ["v1", ServerReflection],
  ["v1alpha", ServerReflectionAlpha],
] as const)("reflection %s", (_version, reflection) => {
  type Question = Parameters<typeof ask>[1][number];

  async function answers(...questions: Question[]) {
    return ask(createClient(reflection as typeof ServerReflection, transport()), questions);
  }

  test("lists the services", async () => {
    const [answer] = await answers({ case: "listServices", value: "" });
    if (answer?.case !== "listServicesResponse") throw new Error(`answered ${answer?.case}`);
    expect(answer.value.service.map(({ name }) => name)).toEqual([
      "flagd.evaluation.v1.Service",
      "grpc.health.v1.Health",
      "grpc.reflection.v1.ServerReflection",
      "grpc.reflection.v1alpha.ServerReflection",
    ]);
  });

  test.each([
    "flagd.evaluation.v1.Service",
    "flagd.evaluation.v1.Service.ResolveString",
    "flagd.evaluation.v1.ResolveStringRequest",
    "flagd.evaluation.v1.ResolveStringRequest.flag_key",
  ])("sends the file of %s with what it imports", async (value) => {
    const [answer] = await answers({ case: "fileContainingSymbol", value });
    expect(fileNames(answer)).toEqual([
      "flagd/evaluation/v1/evaluation.proto",
      "google/protobuf/struct.proto",
    ]);
  });

  test("sends an imported file by name", async () => {
    const [answer] = await answers({
      case: "fileByFilename",
      value: "google/protobuf/struct.proto",
    });
    expect(fileNames(answer)).toEqual(["google/protobuf/struct.proto"]);
  });

  test("sends an import once a stream, but always what was asked for", async () => {
    const question = {
      case: "fileContainingSymbol",
      value: "flagd.evaluation.v1.Service",
    } as const;
    const [, again] = await answers(question, question);
    expect(fileNames(again)).toEqual(["flagd/evaluation/v1/evaluation.proto"]);
  });

  test.each([
    { case: "fileContainingSymbol", value: "nobody.Knows" },
    { case: "fileByFilename", value: "nobody.proto" },
    { case: "allExtensionNumbersOfType", value: "nobody.Knows" },
  ] as const)("answers $case of what it does not know with NOT_FOUND", async (question) => {
    const [answer] = await answers(question);
    if (answer?.case !== "errorResponse") throw new Error(`answered ${answer?.case}`);
    expect(answer.value.errorCode).toBe(Code.NotFound);
    expect(answer.value.errorMessage).toContain("not found");
  });
});

type Answer = Awaited<ReturnType<typeof ask>>[number];

async function ask(
  client: Client<typeof ServerReflection>,
  questions: readonly {
    readonly case:
      | "listServices"
      | "fileByFilename"
      | "fileContainingSymbol"
      | "allExtensionNumbersOfType";
    readonly value: string;
  }[],
) {
  const requests = (async function* () {
    for (const messageRequest of questions) yield { messageRequest };
  })();
  const responses = [];
  for await (const { messageResponse } of client.serverReflectionInfo(requests)) {
    responses.push(messageResponse);
  }
  return responses;
}

function fileNames(answer: Answer | undefined): string[] {
  if (answer?.case !== "fileDescriptorResponse") throw new Error(`answered ${answer?.case}`);
  return answer.value.fileDescriptorProto.map(
    (bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name,
  );
}
