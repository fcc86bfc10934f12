import { expect, test } from "bun:test";
import fc from "fast-check";
import { ReceivedBytes } from "../../../../src/transport/http1/received-bytes.ts";

test("what is taken and what is left are what was appended, in its order", () => {
  const step = fc.oneof(
    fc.record({ append: fc.string({ unit: "binary-ascii", maxLength: 30 }) }),
    fc.record({ take: fc.nat(30) }),
    fc.record({ skip: fc.nat(30) }),
  );
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const received = new ReceivedBytes();
      let model = "";
      const kept: [Buffer, string][] = [];
      for (const one of steps) {
        if ("append" in one) {
          received.append(Buffer.from(one.append, "latin1"));
          model += one.append;
        } else if ("take" in one) {
          const count = Math.min(one.take, model.length);
          kept.push([received.take(count), model.slice(0, count)]);
          model = model.slice(count);
        } else {
          const count = Math.min(one.skip, model.length);
          received.skip(count);
          model = model.slice(count);
        }
        expect(received.length).toBe(model.length);
        expect(received.text(received.length)).toBe(model);
        expect(received.indexOf("ab")).toBe(model.indexOf("ab"));
        const beginning = model.slice(0, 3);
        expect(received.startsWith(Buffer.from(beginning, "latin1"))).toBe(true);
        expect(received.startsWith(Buffer.from(`${model}x`, "latin1"))).toBe(false);
        expect(received.startsWith(Buffer.from(`${beginning}\u00ff`, "latin1"))).toBe(false);
        expect(received.byteAt(0)).toBe(model === "" ? undefined : model.charCodeAt(0));
      }
      // What was taken stays as it was, whatever comes later.
      for (const [bytes, text] of kept) expect(bytes.toString("latin1")).toBe(text);
    }),
  );
});

test("a megabyte in single bytes is gathered in no time", () => {
  const received = new ReceivedBytes();
  const byte = Buffer.from("x");
  for (let i = 0; i < 1 << 20; i++) received.append(byte);
  expect(received.length).toBe(1 << 20);
}, 5_000);
