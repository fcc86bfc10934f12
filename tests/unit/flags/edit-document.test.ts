import { describe, expect, test } from "bun:test";
import type { Json } from "../../../src/core/json.ts";
import {
  deleted,
  type Edit,
  EditError,
  editText,
  toggled,
  withMembers,
} from "../../../src/flags/edit-document.ts";

const byKey = { flags: { a: { state: "ENABLED", variants: { x: 1 } }, b: { state: "DISABLED" } } };
const listed = { flags: [{ key: "a", state: "ENABLED", variants: { x: 1 } }, { key: "b" }] };

const after = (document: Json, edits: readonly Edit[]) =>
  JSON.parse(editText(JSON.stringify(document), edits));

describe("a flag is found by its key in both forms of a document", () => {
  test("toggled", () => {
    expect(after(byKey, toggled(byKey, "a")).flags.a.state).toBe("DISABLED");
    expect(after(byKey, toggled(byKey, "b")).flags.b.state).toBe("ENABLED");
    expect(after(listed, toggled(listed, "a")).flags[0].state).toBe("DISABLED");
    expect(after(listed, toggled(listed, "b")).flags[1]).toEqual({ key: "b", state: "DISABLED" });
  });

  test("deleted", () => {
    expect(after(byKey, deleted(byKey, ["b"]))).toEqual({ flags: { a: byKey.flags.a } });
    expect(after(listed, deleted(listed, ["a", "b"]))).toEqual({ flags: [] });
  });

  test("made", () => {
    const members = [
      { path: ["variants", "on"], value: true },
      { path: ["variants", "off"], value: false },
    ];
    const flag = { state: "ENABLED", variants: { on: true, off: false } };
    expect(after(byKey, withMembers(byKey, "c", members)).flags.c).toEqual(flag);
    expect(after(listed, withMembers(listed, "c", members)).flags[2]).toEqual({
      key: "c",
      ...flag,
    });
  });
});

test("members are set at any depth, and objects on the way are made", () => {
  const members = [
    { path: ["variants", "y"], value: 2 },
    { path: ["metadata", "team"], value: "shop" },
    { path: ["metadata", "since"], value: 2026 },
  ];
  expect(after(byKey, withMembers(byKey, "a", members)).flags.a).toEqual({
    state: "ENABLED",
    variants: { x: 1, y: 2 },
    metadata: { team: "shop", since: 2026 },
  });
});

test("what leads nowhere is refused with the nearest name", () => {
  expect(() => toggled({ flags: { banner: {} } }, "baner")).toThrow('(did you mean "banner"?)');
  expect(() => withMembers(byKey, "a", [{ path: ["state", "x"], value: 1 }])).toThrow(EditError);
});

test("YAML stays YAML", () => {
  const text = "flags:\n  a:\n    state: ENABLED # for now\n";
  expect(editText(text, [{ path: ["flags", "a", "state"], value: "DISABLED" }])).toBe(
    "flags:\n  a:\n    state: DISABLED # for now\n",
  );
});
