import { expect, spyOn, test } from "bun:test";
import { promises as dns } from "node:dns";
import {
  Client,
  credentials,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
} from "@grpc/grpc-js";
import { localTarget } from "../../../../src/sources/grpc/localhost-resolver.ts";

test("a server at the second address of localhost is found, and no resolver is asked", async () => {
  const server = new Server();
  let authority: string | undefined;
  server.register<unknown, Buffer>(
    "/test/Ask",
    (call: ServerUnaryCall<unknown, Buffer>, callback: sendUnaryData<Buffer>) => {
      authority = call.getHost();
      callback(null, Buffer.from("here"));
    },
    (value) => value,
    (bytes) => bytes,
    "unary",
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  const lookup = spyOn(dns, "lookup").mockRejectedValue(new Error("there is no resolver"));
  const client = new Client(localTarget(port), credentials.createInsecure());
  try {
    const answer = await new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        "/test/Ask",
        (value: Buffer) => value,
        String,
        Buffer.alloc(0),
        (error, value) => (error ? reject(error) : resolve(value)),
      );
    });
    expect(answer).toBe("here");
    expect(authority).toBe(`localhost:${port}`);
    expect(lookup).not.toHaveBeenCalled();
  } finally {
    lookup.mockRestore();
    client.close();
    server.forceShutdown();
  }
});
