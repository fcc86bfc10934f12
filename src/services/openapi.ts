/** The OpenAPI document of a daemon, put together from what each service says of its own paths. */
import { buildInfo } from "../core/process-info.ts";

/** A JSON Schema (2020-12, as OpenAPI 3.1 has it). */
export interface Schema {
  readonly [keyword: string]: unknown;
}

export interface Content {
  readonly [mediaType: string]: { readonly schema: Schema };
}

export interface Answer {
  readonly description: string;
  readonly headers?: Readonly<Record<string, { readonly schema: Schema }>>;
  readonly content?: Content;
}

interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required?: boolean;
  readonly description: string;
  readonly schema: Schema;
}

/** What one method of one path takes and answers. */
export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: {
    readonly required: boolean;
    readonly description: string;
    readonly content: Content;
  };
  readonly responses: Readonly<Record<string, Answer>>;
  /** Answered without a token, too, when tokens guard the port. */
  readonly open?: boolean;
}

/** The operations of one path, by method in lower case. */
export type PathItem = Readonly<Partial<Record<"get" | "head" | "post", Operation>>>;

/** A service as the document describes it. */
export interface DescribedService {
  readonly paths: Readonly<Record<string, PathItem>>;
  /** Named parts of its schemas. */
  readonly schemas: Readonly<Record<string, Schema>>;
  /** It needs a token. */
  readonly guarded: boolean;
  /** What a client without the right token is told. */
  readonly refusal: Content;
  /** Undefined: it is on the port that serves the document. */
  readonly port?: number | undefined;
}

const refusals = {
  "401": { description: "No token, or one that is not known" },
  "403": { description: "The token is not for this" },
  "429": {
    description: "Too many failed tries from this address",
    headers: { "Retry-After": { schema: { type: "integer" } } },
  },
} as const satisfies Record<string, Answer>;

/** Makes the document. */
export function openApiDocument(services: readonly DescribedService[]): object {
  const guarded = services.some((service) => service.guarded);
  const paths = services.flatMap((service) =>
    Object.entries(service.paths).map(([path, item]) => [path, pathItem(item, service)] as const),
  );
  return {
    openapi: "3.1.0",
    info: {
      title: "flagd",
      version: buildInfo.version,
      description:
        "Evaluation of feature flags over OFREP, probes, metrics and status. Whatever is sent, an HTTP server also " +
        "answers 400, 417, 431, 501 and 505 for what is no request.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    paths: Object.fromEntries(paths),
    components: {
      schemas: Object.assign({}, ...services.map(({ schemas }) => schemas)),
      ...(guarded && {
        securitySchemes: {
          bearer: { type: "http", scheme: "bearer" },
          apiKey: { type: "apiKey", in: "header", name: "X-API-Key" },
        },
      }),
    },
  };
}

function pathItem(item: PathItem, service: DescribedService): object {
  const { port } = service;
  const servers = port !== undefined && {
    servers: [{ url: `http://{host}:${port}`, variables: { host: { default: "localhost" } } }],
  };
  const operations = Object.entries(item).map(([method, operation]) => [
    method,
    described(operation, service),
  ]);
  return { ...servers, ...Object.fromEntries(operations) };
}

function described(
  { open, responses, ...operation }: Operation,
  { guarded, refusal: content }: DescribedService,
): object {
  if (!guarded || open) return { ...operation, responses };
  const more = Object.entries(refusals).map(([status, refusal]) => [
    status,
    responses[status] ?? { ...refusal, content },
  ]);
  return {
    ...operation,
    security: [{ bearer: [] }, { apiKey: [] }],
    responses: { ...responses, ...Object.fromEntries(more) },
  };
}

/** An answer in one media type. */
export function answer(description: string, mediaType: string, schema: Schema): Answer {
  return { description, content: { [mediaType]: { schema } } };
}

/** A named part of the document's schemas. */
export function reference(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

/** An object with these members and no others; `?` at the end of a name: it may be absent. */
export function object(members: Readonly<Record<string, Schema>>): Schema {
  const entries = Object.entries(members);
  return {
    type: "object",
    properties: Object.fromEntries(
      entries.map(([name, schema]) => [name.replace(/\?$/, ""), schema]),
    ),
    required: entries.map(([name]) => name).filter((name) => !name.endsWith("?")),
  };
}

export function array(items: Schema): Schema {
  return { type: "array", items };
}

/** A value of this schema, or null. */
export function nullable({ type, ...schema }: Schema): Schema {
  return { ...schema, type: [type, "null"] };
}

export const string: Schema = { type: "string" };
export const integer: Schema = { type: "integer", minimum: 0 };
export const number: Schema = { type: "number", minimum: 0 };
export const time: Schema = { type: "string", format: "date-time" };

/** One of these texts. */
export function oneOf(...texts: readonly string[]): Schema {
  return { type: "string", enum: texts };
}
