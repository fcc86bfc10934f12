import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Server, ServerCredentials, type ServerWritableStream } from "@grpc/grpc-js";
import {
  SyncFlagsRequestSchema,
  SyncFlagsResponseSchema,
} from "../../src/gen/flagd/sync/v1/sync_pb.ts";

/** A call of SyncFlags. */
export interface Asked {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly selector: string;
  readonly providerId: string;
  readonly call: ServerWritableStream<unknown, Uint8Array>;
  send(document: object): void;
}

/** A sync service that says what the test wants. `using` stops it. */
export class ScriptedSyncServer implements Disposable {
  private constructor(
    readonly port: number,
    private readonly server: Server,
  ) {}

  static async start(onCall: (asked: Asked) => void): Promise<ScriptedSyncServer> {
    const server = new Server();
    server.addService(
      {
        syncFlags: {
          path: "/flagd.sync.v1.FlagSyncService/SyncFlags",
          requestStream: false,
          responseStream: true,
          requestSerialize: Buffer.from,
          requestDeserialize: (bytes: Buffer) => fromBinary(SyncFlagsRequestSchema, bytes),
          responseSerialize: (bytes: Uint8Array) => Buffer.from(bytes),
          responseDeserialize: (bytes: Buffer) => bytes,
        },
      },
      {
        syncFlags: (
          call: ServerWritableStream<{ selector: string; providerId: string }, Uint8Array>,
        ) => {
          onCall({
            headers: call.metadata.getMap(),
            ...call.request,
            call,
            send: (document) => {
              const flagConfiguration = JSON.stringify(document);
              const message = create(SyncFlagsResponseSchema, { flagConfiguration });
              call.write(toBinary(SyncFlagsResponseSchema, message));
            },
          });
        },
      },
    );
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    return new ScriptedSyncServer(port, server);
  }

  [Symbol.dispose](): void {
    this.server.forceShutdown();
  }
}
