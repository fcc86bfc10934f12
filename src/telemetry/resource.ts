import { hostname, release, type } from "node:os";
import type { Attributes } from "./metrics/instrument.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What is measured, in the attributes of OpenTelemetry's resource conventions. `OTEL_RESOURCE_ATTRIBUTES`
 * overrides what we say, `OTEL_SERVICE_NAME` overrides both.
 * @param warn of a variable that cannot be used
 */
export function describeResource(
  version: string,
  environment: Environment,
  warn: (message: string) => void = () => {},
): Attributes {
  const given = parsePairs(environment.OTEL_RESOURCE_ATTRIBUTES ?? "");
  // Not the pairs themselves: they may have been taken for headers, which are secret.
  if (!given) warn("OTEL_RESOURCE_ATTRIBUTES ignored: expected key=value,key=value");
  return {
    "service.name": "flagd",
    "service.version": version,
    "host.name": hostname(),
    "os.type": type().toLowerCase(),
    "os.description": `${type()} ${release()}`,
    "process.runtime.name": "bun",
    "process.runtime.version": Bun.version,
    "telemetry.sdk.language": "nodejs",
    "telemetry.sdk.name": "flagd",
    "telemetry.sdk.version": version,
    ...given,
    ...(environment.OTEL_SERVICE_NAME && { "service.name": environment.OTEL_SERVICE_NAME }),
  };
}

/**
 * `key=value,key=value`, values percent-encoded. As the OpenTelemetry specification demands, one
 * broken pair discards them all: undefined.
 */
function parsePairs(text: string): Attributes | undefined {
  const attributes: Record<string, string> = {};
  for (const pair of text.split(",").filter((part) => part.trim() !== "")) {
    const [, name, value] = /^\s*([^=\s]+)\s*=(.*)$/.exec(pair) ?? [];
    if (name === undefined || value === undefined) return undefined;
    try {
      attributes[name] = decodeURIComponent(value.trim());
    } catch {
      return undefined;
    }
  }
  return attributes;
}
