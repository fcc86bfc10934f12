import { expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import {
  notificationOf,
  parseSecrets,
  signatureHeaders,
} from "../../../../src/services/notify/notification.ts";
import type { ChangeRecord, PastChange } from "../../../../src/store/history.ts";

const change = (flag: string): PastChange => ({
  time: 0,
  source: "s",
  flag,
  flagSetId: "shop",
  kind: "changed",
  differences: [{ path: "$.targeting", before: '"ann@example.com"', after: undefined }],
  more: 0,
});
const record = (changes: readonly PastChange[], total = changes.length): ChangeRecord => ({
  time: 1_700_000_000_123,
  source: "redis://localhost/0?key=flags",
  changes,
  total,
});

test("a notification names flags and what happened to them, not what they were and are", () => {
  const { body, id } = notificationOf(record([change('a"b'), change("c")], 5));
  expect(id).toMatch(/^msg_[0-9a-f]{32}$/);
  expect(JSON.parse(body)).toEqual({
    type: "flags.changed",
    timestamp: "2023-11-14T22:13:20.123Z",
    data: {
      source: "redis://localhost/0?key=flags",
      changes: [
        { flag: 'a"b', flagSetId: "shop", kind: "changed" },
        { flag: "c", flagSetId: "shop", kind: "changed" },
      ],
      more: 3,
    },
  });
});

test("a notification is bounded, however long the names", () => {
  const changes = Array.from({ length: 200 }, (_, i) => change(`${i}-${"x".repeat(10_000)}`));
  const { body } = notificationOf(record(changes));
  expect(body.length).toBeLessThan(300_000);
  const { data } = JSON.parse(body);
  expect(data.changes.length + data.more).toBe(200);
});

// By openssl: printf 'msg_1.1614265330.{"test":1}' | openssl dgst -sha256 -mac HMAC -macopt key:0123… -binary | base64
test("the signature is that of Standard Webhooks", () => {
  const secrets = parseSecrets("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", "x");
  const headers = signatureHeaders({ id: "msg_1", body: '{"test":1}' }, secrets, 1_614_265_330_999);
  expect(headers).toMatchObject({
    "webhook-id": "msg_1",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,2BF3OJBtinEnKMHGkoXgaATbzk2Pm27InfEjkhOsUnY=",
  });
});

test("each of several secrets signs, one in plain text by its bytes", () => {
  const secrets = parseSecrets("first-secret-of-all\nsecond-secret-of-all\n", "x");
  const headers = signatureHeaders({ id: "msg_1", body: "{}" }, secrets, 1_000);
  const expected = ["first-secret-of-all", "second-secret-of-all"].map(
    (key) => `v1,${createHmac("sha256", key).update("msg_1.1.{}").digest("base64")}`,
  );
  expect(headers["webhook-signature"]).toBe(expected.join(" "));
});

test.each(["", " \n", "too-short", "whsec_c2hvcnQ="])("%j is no secret", (text) => {
  expect(() => parseSecrets(text, "--notify-secret-path: f")).toThrow(/^--notify-secret-path: f/);
  if (text.trim() !== "") expect(() => parseSecrets(text, "x")).not.toThrow(text.trim());
});
