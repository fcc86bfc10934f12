/** Answers on the wire and in JSON, held against protobuf-es. */
import { expect, test } from "bun:test";
import { create, type DescMessage, toBinary, toJsonString } from "@bufbuild/protobuf";
import fc from "fast-check";
import type { Json, JsonObject } from "../../../../src/core/json.ts";
import { resolveMethods } from "../../../../src/services/evaluation/answer.ts";
import { eventStreamMethods } from "../../../../src/services/evaluation/dialects.ts";
import { services } from "../../../../src/services/evaluation/evaluation-routes.ts";
import { encodeReply, replyJson } from "../../../../src/services/evaluation/reply.ts";
import { bulkMethods } from "../../../../src/services/evaluation/resolve-all.ts";

const text = fc.string({ unit: "grapheme", maxLength: 20 });
const number = fc.double({ noNaN: true, noDefaultInfinity: true });
const json: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constant(null),
    fc.boolean(),
    number,
    text,
    fc.string({ minLength: 120, maxLength: 300 }),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(text, tie("value"), { maxKeys: 4 }),
  ),
})).value;
const object = fc.dictionary(text, json, { maxKeys: 5 }) as fc.Arbitrary<JsonObject>;

const values: Readonly<Record<string, fc.Arbitrary<Json | bigint>>> = {
  resolveBoolean: fc.boolean(),
  resolveString: text,
  resolveFloat: number,
  resolveInt: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  resolveObject: object,
};
const zeros: Readonly<Record<string, Json | bigint>> = {
  resolveBoolean: false,
  resolveString: "",
  resolveFloat: 0,
  resolveInt: 0n,
  resolveObject: {},
};

function outputOf(path: string): DescMessage {
  for (const { typeName, methods } of services) {
    const found = methods.find(({ name }) => `/${typeName}/${name}` === path);
    if (found) return found.output;
  }
  throw new Error(`no method ${path}`);
}

test.each(resolveMethods.map((method) => [method.path, method] as const))(
  "%s: the bytes and the JSON are what protobuf-es makes",
  (path, { name, dialect }) => {
    const output = outputOf(path);
    const optional = dialect.optionalFields;
    const present = values[name] ?? fc.constant(null);
    const value = fc.oneof(present, fc.constant(optional ? undefined : (zeros[name] ?? null)));
    const variant = optional ? fc.option(text, { nil: undefined }) : text;
    fc.assert(
      fc.property(value, text, variant, object, (value, reason, variant, metadata) => {
        const reply = { value, reason, variant, metadata };
        const message = create(output, { ...reply });
        const expected = toBinary(output, message);
        expect(Buffer.from(encodeReply(reply, optional))).toEqual(Buffer.from(expected));
        const written = toJsonString(output, message, { alwaysEmitImplicit: true });
        expect(Buffer.from(replyJson(reply)).toString()).toBe(written);
      }),
    );
  },
);

test("the methods are those of the services' descriptors", () => {
  const named = [...resolveMethods, ...bulkMethods, ...eventStreamMethods].map(({ path }) => path);
  const described = services.flatMap(({ typeName, methods }) =>
    methods.map(({ name }) => `/${typeName}/${name}`),
  );
  expect(named.toSorted()).toEqual(described.toSorted());
});
