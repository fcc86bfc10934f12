import { ConfigError } from "../../core/errors.ts";
import { quote } from "../../core/message-text.ts";

/** A FeatureFlag of the OpenFeature operator. */
export interface FlagResource {
  readonly namespace: string;
  readonly name: string;
}

/** Path of the resources of one namespace. */
export function resourcePath({ namespace }: FlagResource): string {
  return `/apis/core.openfeature.dev/v1beta1/namespaces/${encodeURIComponent(namespace)}/featureflags`;
}

/** Selects the one resource, in a list or a watch. */
export function onlyThis({ name }: FlagResource): URLSearchParams {
  return new URLSearchParams({ fieldSelector: `metadata.name=${name}` });
}

/**
 * Reads `NAMESPACE/NAME`.
 * @throws ConfigError
 */
export function parseResource(uri: string): FlagResource {
  const parts = /^([a-z0-9][a-z0-9.-]*)\/([a-z0-9][a-z0-9.-]*)$/.exec(uri);
  if (parts?.[1] && parts[2]) return { namespace: parts[1], name: parts[2] };
  throw new ConfigError(
    `kubernetes source ${quote(uri)}: expected NAMESPACE/NAME of a FeatureFlag, both in lower case`,
  );
}

/** What is known of a FeatureFlag; undefined if an answer is something else. */
export interface FlagObject {
  /** JSON of `spec.flagSpec`; undefined: there is none. */
  readonly document: string | undefined;
  readonly resourceVersion: string | undefined;
  /** Of an error in a watch: the HTTP status it would have been. */
  readonly code: number | undefined;
  readonly message: string | undefined;
}

/** Reads what a list's item, a list itself or an event's object says, member by member. */
export function readObject(value: unknown): FlagObject {
  const version = member(member(value, "metadata"), "resourceVersion");
  const flagSpec = member(member(value, "spec"), "flagSpec");
  const code = member(value, "code");
  const message = member(value, "message");
  return {
    document: flagSpec === undefined || flagSpec === null ? undefined : JSON.stringify(flagSpec),
    resourceVersion: typeof version === "string" ? version : undefined,
    code: typeof code === "number" ? code : undefined,
    message: typeof message === "string" ? message.slice(0, 500) : undefined,
  };
}

/** A member of what may be an object. */
export function member(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}
