import { expect, test } from "bun:test";
import { describeStatus, type StatusParts } from "../../../../src/services/management/status.ts";
import { SourceStatus } from "../../../../src/sources/source-status.ts";
import { Registry } from "../../../../src/telemetry/metrics/registry.ts";
import { createEventMetrics, createSyncMetrics } from "../../../../src/telemetry/stream-metrics.ts";

const change: StatusParts["changes"][number] = {
  time: 2_000,
  source: "flags.json",
  flag: "banner",
  flagSetId: "",
  kind: "changed",
  differences: [{ path: "targeting", before: '"a@example.com"', after: undefined }],
  more: 0,
};

function parts(overrides: Partial<StatusParts> = {}): StatusParts {
  return {
    command: "start",
    threads: 1,
    state: "ready",
    sources: [],
    sizes: () => new Map(),
    listeners: [],
    metrics: new Registry().collect(),
    changes: [],
    confidential: false,
    startedAt: 0,
    now: 12_340,
    ...overrides,
  };
}

test("a source says since when it is well, and what is odd about its document", () => {
  const source = new SourceStatus("flags.json", "file", () => 10_000);
  source.accepted(12, "abc");
  source.warnings = [{ path: "$.flags.a", reason: "odd" }];
  source.failed("gone");
  const sizes = () =>
    new Map([
      ["", 2],
      ["shop", 1],
    ]);
  const { sources, uptimeSeconds } = describeStatus(parts({ sources: [source], sizes }));
  expect(uptimeSeconds).toBe(12.3);
  expect(sources).toEqual([
    {
      name: "flags.json",
      provider: "file",
      state: "stale",
      lastSuccess: "1970-01-01T00:00:10.000Z",
      ageSeconds: 2.3,
      bytes: 12,
      hash: "abc",
      restoredFrom: null,
      reason: "gone",
      documentsAccepted: 1,
      documentsRejected: 0,
      failures: 1,
      flagSets: [
        { id: "", flags: 2 },
        { id: "shop", flags: 1 },
      ],
      warnings: [{ path: "$.flags.a", reason: "odd" }],
    },
  ]);
});

test("the warnings of a document go with it", () => {
  const source = new SourceStatus("a", "file");
  source.warnings = [{ path: "$", reason: "odd" }];
  source.rejected("broken");
  expect(source.warnings).toHaveLength(1);
  source.accepted(1);
  expect(source.warnings).toEqual([]);
});

test("streams are those that are open, by kind and client", () => {
  const registry = new Registry();
  const openSync = createSyncMetrics(registry);
  openSync({ providerId: "cart", selector: "flagSetId=shop" });
  openSync({ providerId: "cart", selector: "flagSetId=shop" });
  openSync({}).ended("normal_close");
  const openEvents = createEventMetrics(registry);
  openEvents({ service: "ofrep" });
  openEvents({ service: "flagd.evaluation.v1.Service", selector: "source=a" })();
  expect(describeStatus(parts({ metrics: registry.collect() })).streams).toEqual([
    { kind: "sync", client: "cart", selector: "flagSetId=shop", open: 2 },
    { kind: "ofrep", client: null, selector: null, open: 1 },
  ]);
});

test("what flags were is left out of changes if rules are confidential", () => {
  expect(describeStatus(parts({ changes: [change] })).changes).toEqual([
    { ...change, time: "1970-01-01T00:00:02.000Z" },
  ]);
  const hidden = describeStatus(parts({ changes: [change], confidential: true }));
  expect(JSON.stringify(hidden)).not.toContain("example.com");
  expect(hidden.changes[0]?.differences).toHaveLength(1);
});
