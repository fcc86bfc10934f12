/** What metrics and spans have in common in OTLP. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type InstrumentationScope,
  InstrumentationScopeSchema,
  type KeyValue,
  KeyValueSchema,
} from "../../gen/opentelemetry/proto/common/v1/common_pb.ts";
import {
  type Resource,
  ResourceSchema,
} from "../../gen/opentelemetry/proto/resource/v1/resource_pb.ts";

export type AttributeValue = string | number | boolean;

export function keyValues(attributes: Readonly<Record<string, AttributeValue>>): KeyValue[] {
  return Object.entries(attributes).map(([key, value]) =>
    create(KeyValueSchema, { key, value: { value: anyValue(value) } }),
  );
}

function anyValue(
  value: AttributeValue,
): NonNullable<NonNullable<MessageInitShape<typeof KeyValueSchema>["value"]>["value"]> {
  switch (typeof value) {
    case "string":
      return { case: "stringValue", value: value.toWellFormed() };
    case "boolean":
      return { case: "boolValue", value };
    case "number":
      return Number.isSafeInteger(value)
        ? { case: "intValue", value: BigInt(value) }
        : { case: "doubleValue", value };
  }
}

/** What is being measured. */
export function resource(attributes: Readonly<Record<string, string>>): Resource {
  return create(ResourceSchema, { attributes: keyValues(attributes) });
}

export function scope(name: string): InstrumentationScope {
  return create(InstrumentationScopeSchema, { name });
}

/** Milliseconds since 1970 as nanoseconds, exact to the microsecond. */
export function nanoseconds(milliseconds: number): bigint {
  return BigInt(Math.round(milliseconds * 1000)) * 1000n;
}
