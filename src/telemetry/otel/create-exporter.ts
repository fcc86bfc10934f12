import type { DescMethodUnary } from "@bufbuild/protobuf";
import { ConsoleExporter } from "./console-exporter.ts";
import type { CollectorTarget, Exporter } from "./exporter.ts";
import { GrpcExporter } from "./grpc-exporter.ts";
import { HttpExporter } from "./http-exporter.ts";

/**
 * @param method `Export` of the signal's collector service
 * @throws Error naming a TLS file that cannot be used
 */
export function createExporter(
  method: DescMethodUnary,
  target: CollectorTarget | "console",
): Exporter {
  if (target === "console") return new ConsoleExporter(method);
  return target.protocol === "grpc"
    ? new GrpcExporter(method, target)
    : new HttpExporter(method, target);
}
