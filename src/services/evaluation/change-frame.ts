import { type JsonObject, setMember } from "../../core/json.ts";
import type { Steps } from "../../core/steps.ts";
import { writeStruct } from "../../protobuf/write-struct.ts";
import { WireWriter } from "../../protobuf/writer.ts";
import type { FlagChanges } from "../../store/view.ts";
import { frameMessage } from "../../transport/grpc/envelope.ts";

/** Flags between two steps. */
const stepLength = 100;

/**
 * The framed EventStreamResponse of a change, in steps: tens of thousands of flags may be in one.
 *
 * `EventStreamResponse { string type = 1; Struct data = 2; }`
 */
export function* encodeChange(changes: FlagChanges): Steps<Uint8Array> {
  const writer = new WireWriter();
  const parts: Uint8Array[] = [];
  let some: Record<string, JsonObject> = {};
  let count = 0;
  for (const [key, type] of changes) {
    setMember(some, key, { type });
    if (++count % stepLength > 0) continue;
    writeStruct(writer, some);
    parts.push(writer.take());
    some = {};
    yield;
  }
  writeStruct(writer, some);
  parts.push(writer.take());
  // Around these members of a Struct its Value, the member "flags", the Struct `data`, and the message.
  let size = parts.reduce((sum, { length }) => sum + length, 0);
  const enclose = (write: () => void) => {
    write();
    const head = writer.take();
    parts.unshift(head);
    size += head.length;
  };
  enclose(() => writer.head(5, size));
  enclose(() => {
    writer.text(1, "flags");
    writer.head(2, size);
  });
  enclose(() => writer.head(1, size));
  enclose(() => {
    writer.text(1, "configuration_change");
    writer.head(2, size);
  });
  return frameMessage(Buffer.concat(parts));
}
