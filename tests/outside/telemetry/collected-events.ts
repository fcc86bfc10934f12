/** Log records of OTLP's JSON, as far as the tests look at them. */
import type { Received } from "./real-collector.ts";

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string };
}

interface ResourceLogs {
  readonly resource: { readonly attributes: readonly Attribute[] };
  readonly scopeLogs: readonly {
    readonly scope: { readonly name?: string };
    readonly logRecords: readonly {
      readonly timeUnixNano: string;
      readonly observedTimeUnixNano: string;
      readonly severityNumber?: number;
      readonly eventName?: string;
      readonly body?: unknown;
      readonly traceId?: string;
      readonly spanId?: string;
      readonly attributes: readonly Attribute[];
    }[];
  }[];
}

export interface CollectedEvent {
  /** `service.name` of the resource. */
  readonly service: string | undefined;
  readonly scope: string | undefined;
  readonly name: string | undefined;
  readonly severity: number | undefined;
  readonly body: unknown;
  readonly traceId: string | undefined;
  readonly spanId: string | undefined;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly observed: number;
  readonly attributes: Readonly<Record<string, string | undefined>>;
}

/** All events of so many requests. */
export function collectedEvents(requests: readonly Received[]): CollectedEvent[] {
  return requests.flatMap(({ resourceLogs }) =>
    (resourceLogs as readonly ResourceLogs[]).flatMap(({ resource, scopeLogs }) =>
      scopeLogs.flatMap(({ scope, logRecords }) =>
        logRecords.map((record) => ({
          service: textsOf(resource.attributes)["service.name"],
          scope: scope.name,
          name: record.eventName,
          severity: record.severityNumber,
          body: record.body,
          traceId: record.traceId,
          spanId: record.spanId,
          time: Number(record.timeUnixNano) / 1e6,
          observed: Number(record.observedTimeUnixNano) / 1e6,
          attributes: textsOf(record.attributes),
        })),
      ),
    ),
  );
}

function textsOf(attributes: readonly Attribute[]): Record<string, string | undefined> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue]));
}
