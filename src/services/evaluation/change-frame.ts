import { create, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { type Value, ValueSchema } from "@bufbuild/protobuf/wkt";
import type { Steps } from "../../flags/steps.ts";
import type { FlagChanges } from "../../store/view.ts";
import { frameMessage } from "../../transport/method.ts";

/** Flags between two steps. */
const stepLength = 100;

const changeValues = {
  write: changeValue("write"),
  update: changeValue("update"),
  delete: changeValue("delete"),
};

/** The framed EventStreamResponse of a change, in steps: tens of thousands of flags may be in one. */
export function* encodeChange(changes: FlagChanges): Steps<Uint8Array> {
  const parts: Uint8Array[] = [];
  const writer = new BinaryWriter();
  let count = 0;
  for (const [key, change] of changes) {
    begin(writer, 1).fork();
    begin(writer, 1).string(key);
    begin(writer, 2).bytes(changeValues[change]);
    writer.join();
    if (++count % stepLength > 0) continue;
    parts.push(writer.finish());
    yield;
  }
  parts.push(writer.finish());
  // Around these members of the Struct "flags" its Value, the member "flags", the Struct `data`.
  let size = parts.reduce((sum, { length }) => sum + length, 0);
  const enclose = (head: (writer: BinaryWriter) => BinaryWriter) => {
    const bytes = head(new BinaryWriter()).uint32(size).finish();
    parts.unshift(bytes);
    size += bytes.length;
  };
  enclose((head) => begin(head, 5));
  enclose((head) => begin(begin(head, 1).string("flags"), 2));
  enclose((head) => begin(head, 1));
  enclose((head) => begin(begin(head, 1).string("configuration_change"), 2));
  return frameMessage(Buffer.concat(parts));
}

function begin(writer: BinaryWriter, field: number): BinaryWriter {
  return writer.tag(field, WireType.LengthDelimited);
}

/** `{"type": …}` as a google.protobuf.Value. */
function changeValue(type: string): Uint8Array {
  const value: Value = create(ValueSchema, { kind: { case: "stringValue", value: type } });
  return toBinary(
    ValueSchema,
    create(ValueSchema, { kind: { case: "structValue", value: { fields: { type: value } } } }),
  );
}
