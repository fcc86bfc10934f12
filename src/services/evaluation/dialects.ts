/** What the versions of the evaluation service do differently. Everything else is the same in all. */
import type {
  DescMethod,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
} from "@bufbuild/protobuf";
import { Service as EvaluationV1 } from "../../gen/flagd/evaluation/v1/evaluation_pb.ts";
import { Service as EvaluationV2 } from "../../gen/flagd/evaluation/v2/evaluation_pb.ts";
import { Service as SchemaV1 } from "../../gen/schema/v1/schema_pb.ts";

export interface Dialect {
  readonly service: DescService;
  /**
   * What answers a flag that selects nothing, so that the default given in code applies: the error
   * `not_found`, or an answer with this reason.
   */
  readonly codeDefault: "not_found" | "DEFAULT" | "FALLBACK";
  /** `value` and `variant` may be absent; otherwise absence is told by zero values. */
  readonly optionalFields: boolean;
  /** Request headers may add to the evaluation context. */
  readonly headerContext: boolean;
  /** Event streams end at the server's deadline. */
  readonly streamDeadline: boolean;
  /** ResolveAll and its flags carry metadata. */
  readonly bulkMetadata: boolean;
  /** What Go flagd's traces call the instrumentation scope of its evaluations. */
  readonly traceScope: string;
}

export const dialects: readonly Dialect[] = [
  {
    service: EvaluationV1,
    codeDefault: "not_found",
    optionalFields: false,
    headerContext: true,
    streamDeadline: true,
    bulkMetadata: true,
    traceScope: "flagd.evaluation.v1",
  },
  {
    service: EvaluationV2,
    codeDefault: "DEFAULT",
    optionalFields: true,
    headerContext: true,
    streamDeadline: true,
    bulkMetadata: false,
    traceScope: "flagd.evaluation.v2",
  },
  {
    service: SchemaV1,
    codeDefault: "FALLBACK",
    optionalFields: false,
    headerContext: false,
    streamDeadline: false,
    bulkMetadata: false,
    traceScope: "flagEvaluationService",
  },
];

export function isUnary(method: DescMethod): method is DescMethodUnary {
  return method.methodKind === "unary";
}

export function eventStreamOf({ service }: Dialect): DescMethodServerStreaming {
  const method = service.method.eventStream;
  if (method && isServerStreaming(method)) return method;
  throw new TypeError(`${service.typeName} has no EventStream`);
}

function isServerStreaming(method: DescMethod): method is DescMethodServerStreaming {
  return method.methodKind === "server_streaming";
}
