import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { SourceStatus } from "../../../src/sources/source-status.ts";

const create = (now = () => 1000) => new SourceStatus("flags.json", "file", now);

describe("state", () => {
  test("connecting, then synced once a document is accepted", () => {
    const status = create();
    expect(status.state).toBe("connecting");
    status.accepted(10);
    expect(status.state).toBe("synced");
    expect(status.reason).toBeUndefined();
    expect(status.documentBytes).toBe(10);
    expect(status.lastSuccess).toBe(1000);
  });

  test("failed while nothing was delivered, stale afterwards, with the reason", () => {
    const status = create();
    status.failed("refused");
    expect([status.state, status.reason]).toEqual(["failed", "refused"]);
    status.accepted(1);
    status.failed("gone");
    expect([status.state, status.reason]).toEqual(["stale", "gone"]);
    status.unchanged();
    expect([status.state, status.reason]).toEqual(["synced", undefined]);
  });

  test("reaching a source that has nothing new does not repair a rejected document", () => {
    const status = create();
    status.accepted(1);
    status.rejected("bad");
    status.unchanged();
    expect([status.state, status.reason]).toEqual(["stale", "bad"]);
    status.failed("refused");
    expect(status.reason).toBe("refused");
    status.unchanged();
    expect(status.reason).toBe("bad");
    status.accepted(1);
    expect(status.state).toBe("synced");
  });

  test("a document rejected at first leaves the source failed, not delivered", () => {
    const status = create();
    status.rejected("bad");
    status.unchanged();
    expect(status.state).toBe("failed");
    expect(status.delivered).toBe(false);
    expect(status.lastSuccess).toBeUndefined();
  });

  test("follows from what happened, in any order", () => {
    const step = fc.constantFrom("accepted", "rejected", "unchanged", "failed");
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const status = create();
        for (const step of steps) {
          if (step === "accepted") status.accepted(1);
          else if (step === "unchanged") status.unchanged();
          else status[step](step);
        }
        const payload = steps.findLast((step) => step === "accepted" || step === "rejected");
        const trouble = steps.at(-1) === "failed" || payload === "rejected";
        const delivered = steps.includes("accepted");
        const idle = delivered ? "synced" : "connecting";
        expect(status.state).toBe(trouble ? (delivered ? "stale" : "failed") : idle);
      }),
    );
  });
});

describe("what to say", () => {
  test("each reason once until the source is well again", () => {
    const status = create();
    const said = [
      status.failed("a"),
      status.failed("a"),
      status.failed("b"),
      status.failed("a"),
      status.rejected("c"),
      status.rejected("c"),
    ];
    expect(said).toEqual([true, false, true, false, true, false]);
    status.accepted(1);
    expect(status.failed("a")).toBe(true);
  });

  test("recovery is said once", () => {
    const status = create();
    expect(status.accepted(1)).toBe(false);
    status.failed("a");
    expect([status.unchanged(), status.unchanged()]).toEqual([true, false]);
    status.rejected("b");
    expect([status.accepted(1), status.accepted(1)]).toEqual([true, false]);
  });
});

test("counts payloads and failures", () => {
  const status = create();
  status.accepted(1);
  status.rejected("a");
  status.rejected("a");
  status.failed("b");
  expect(status).toMatchObject({ payloadsAccepted: 1, payloadsRejected: 2, failures: 1 });
});
