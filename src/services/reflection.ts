import { createRegistry, type DescFile, type DescService, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, type ConnectRouter } from "@connectrpc/connect";
import { ServerReflection } from "../gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionAlpha } from "../gen/grpc/reflection/v1alpha/reflection_pb.ts";

/** A request of either version; they differ in their package only. */
interface Request {
  readonly messageRequest: { readonly case: string | undefined; readonly value?: unknown };
}

/**
 * gRPC server reflection, `grpc.reflection.v1` and `v1alpha`: tells tools such as grpcurl what can be
 * called, from the descriptors of the services themselves.
 */
export function reflectionRoutes(
  services: readonly DescService[],
): (router: ConnectRouter) => void {
  const listed = [...services, ServerReflection, ServerReflectionAlpha];
  const names = listed.map((service) => service.typeName).sort();
  const index = new FileIndex(listed.map((service) => service.file));

  /** The answer, but for the request that it repeats. */
  function answer({ messageRequest: { case: kind, value } }: Request, sent: Set<DescFile>) {
    switch (kind) {
      case "listServices": {
        const service = names.map((name) => ({ name }));
        return { case: "listServicesResponse" as const, value: { service } };
      }
      case "fileByFilename":
        return files(index.byName(String(value)), `file ${value}`, sent);
      case "fileContainingSymbol":
        return files(index.bySymbol(String(value)), `symbol ${value}`, sent);
      case "allExtensionNumbersOfType":
        if (!index.bySymbol(String(value))) return notFound(`type ${value}`);
        return {
          case: "allExtensionNumbersResponse" as const,
          value: { baseTypeName: String(value), extensionNumber: [] as number[] },
        };
      case "fileContainingExtension":
        return notFound("extension");
      default:
        return failure(Code.InvalidArgument, "unknown kind of reflection request");
    }
  }

  function answers<R extends Request>(requests: AsyncIterable<R>) {
    return (async function* () {
      const sent = new Set<DescFile>();
      for await (const originalRequest of requests) {
        yield { originalRequest, messageResponse: answer(originalRequest, sent) };
      }
    })();
  }

  return (router) => {
    router.service(ServerReflection, { serverReflectionInfo: (requests) => answers(requests) });
    router.service(ServerReflectionAlpha, {
      serverReflectionInfo: (requests) => answers(requests),
    });
  };
}

/** A file and what it imports, but for what this stream has been sent before. */
function files(file: DescFile | undefined, what: string, sent: Set<DescFile>) {
  if (!file) return notFound(what);
  // The file that was asked for is always part of the answer.
  sent.delete(file);
  const fileDescriptorProto: Uint8Array[] = [];
  const add = (one: DescFile): void => {
    if (sent.has(one)) return;
    sent.add(one);
    fileDescriptorProto.push(toBinary(FileDescriptorProtoSchema, one.proto));
    for (const dependency of one.dependencies) add(dependency);
  };
  add(file);
  return { case: "fileDescriptorResponse" as const, value: { fileDescriptorProto } };
}

function notFound(what: string) {
  return failure(Code.NotFound, `${what} not found`);
}

function failure(errorCode: Code, errorMessage: string) {
  return { case: "errorResponse" as const, value: { errorCode, errorMessage } };
}

/** Finds files, imported ones too, by name and by the full name of anything that they define. */
class FileIndex {
  readonly #byName = new Map<string, DescFile>();
  readonly #bySymbol = new Map<string, DescFile>();

  constructor(roots: readonly DescFile[]) {
    for (const file of roots) this.#add(file);
    for (const type of createRegistry(...this.#byName.values())) {
      this.#bySymbol.set(type.typeName, type.file);
      const members =
        type.kind === "service" ? type.methods : type.kind === "message" ? type.fields : [];
      for (const { name } of members) this.#bySymbol.set(`${type.typeName}.${name}`, type.file);
    }
  }

  #add(file: DescFile): void {
    if (this.#byName.has(file.proto.name)) return;
    this.#byName.set(file.proto.name, file);
    for (const dependency of file.dependencies) this.#add(dependency);
  }

  byName(name: string): DescFile | undefined {
    return this.#byName.get(name);
  }

  bySymbol(symbol: string): DescFile | undefined {
    return this.#bySymbol.get(symbol);
  }
}
