/** What one version of the evaluation service does differently. Everything else is the same in all. */
export interface Dialect {
  /** The service's full name. */
  readonly service: string;
  /** Does it have ResolveAll? */
  readonly bulk: boolean;
  /**
   * How a flag that selects no variant is answered, so that the caller's own default applies: with
   * the error `not_found`, or with an answer that has this reason.
   */
  readonly codeDefault: "not_found" | "DEFAULT" | "FALLBACK";
  /** `value` and `variant` may be absent; otherwise zero values stand for what is absent. */
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

/** All versions that are served. */
export const dialects: readonly Dialect[] = [
  {
    service: "flagd.evaluation.v1.Service",
    bulk: true,
    codeDefault: "not_found",
    optionalFields: false,
    headerContext: true,
    streamDeadline: true,
    bulkMetadata: true,
    traceScope: "flagd.evaluation.v1",
  },
  {
    service: "flagd.evaluation.v2.Service",
    bulk: false,
    codeDefault: "DEFAULT",
    optionalFields: true,
    headerContext: true,
    streamDeadline: true,
    bulkMetadata: false,
    traceScope: "flagd.evaluation.v2",
  },
  {
    service: "schema.v1.Service",
    bulk: true,
    codeDefault: "FALLBACK",
    optionalFields: false,
    headerContext: false,
    streamDeadline: false,
    bulkMetadata: false,
    traceScope: "flagEvaluationService",
  },
];

/** A method of a service, by the names that descriptors and paths give it. */
export interface MethodName {
  readonly dialect: Dialect;
  /** `resolveBoolean` */
  readonly name: string;
  /** `/flagd.evaluation.v1.Service/ResolveBoolean` */
  readonly path: string;
}

/** @param name as in {@link MethodName.name} */
export function methodName(dialect: Dialect, name: string): MethodName {
  const upper = name.charAt(0).toUpperCase() + name.slice(1);
  return { dialect, name, path: `/${dialect.service}/${upper}` };
}

/** The EventStream methods of all versions. */
export const eventStreamMethods: readonly MethodName[] = dialects.map((dialect) =>
  methodName(dialect, "eventStream"),
);
