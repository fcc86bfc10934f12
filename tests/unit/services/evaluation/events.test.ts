import { expect, test } from "bun:test";
import { fromBinary, toJson } from "@bufbuild/protobuf";
import fc from "fast-check";
import { atOnce } from "../../../../src/core/turns.ts";
import { EventStreamResponseSchema } from "../../../../src/gen/flagd/evaluation/v1/evaluation_pb.ts";
import { encodeChange } from "../../../../src/services/evaluation/events.ts";
import type { FlagChanges } from "../../../../src/store/view.ts";

function decoded(frame: Uint8Array) {
  expect(new DataView(frame.buffer).getUint32(1)).toBe(frame.length - 5);
  return toJson(EventStreamResponseSchema, fromBinary(EventStreamResponseSchema, frame.slice(5)));
}

const kinds = ["write", "update", "delete"] as const;
const manyChanges = Object.fromEntries(
  Array.from({ length: 1500 }, (_, i) => [`flag-${i}`, kinds[i % 3] ?? "write"]),
);

test("a change is encoded as the message that says it", () => {
  const changes = fc.array(fc.tuple(fc.string({ unit: "grapheme" }), fc.constantFrom(...kinds)));
  fc.assert(
    fc.property(changes, (entries) => {
      const flags = Object.fromEntries(entries.map(([key, type]) => [key, { type }]));
      const frame = atOnce(encodeChange(new Map(entries)));
      expect(decoded(frame)).toEqual({ type: "configuration_change", data: { flags } });
    }),
  );
});

test("a change of many flags is encoded in steps", () => {
  const changes: FlagChanges = new Map(Object.entries(manyChanges));
  expect([...encodeChange(changes)]).toHaveLength(15);
  expect(decoded(atOnce(encodeChange(changes)))).toMatchObject({
    data: { flags: { "flag-1499": { type: kinds[1499 % 3] } } },
  });
});
