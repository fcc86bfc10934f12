/** The limits in docs/guides/running.md are those of the code. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { startOptions } from "../../../src/config/options/start-options.ts";
import { connectionsAllowed } from "../../../src/transport/acceptor.ts";
import {
  cancelledCalls,
  defaultMaxConcurrentStreams,
  defaultTimeouts,
  framesPerAnswer,
  idleFrames,
  maxConnections,
  maxHeaderFields,
  maxHeldAnswerBytes,
  maxIncompleteBytes,
  maxOutputBytes,
  maxPipelinedBytes,
} from "../../../src/transport/limits.ts";
import { root } from "../../support/documentation.ts";

const page = await Bun.file(join(root, "docs/guides/running.md")).text();
/** Rows of all tables by their first cells. */
const rows = new Map(
  [...page.matchAll(/^\| (.+?) \| (.+) \|$/gm)].map(([, name = "", rest = ""]) => [name, rest]),
);
const cells = (name: string): string[] => {
  const row = rows.get(name);
  if (row === undefined) throw new Error(`there is no row "${name}"`);
  return row.split(" | ");
};

const grouped = (value: number) => `${value}`.replace(/\B(?=(\d{3})+$)/g, " ");
const mebibytes = (bytes: number) => `${bytes / 2 ** 20} MiB`;
const seconds = (milliseconds: number) => `${milliseconds / 1000} s`;

const { headersMs, requestMs, keepAliveMs, answerMs, idleMs, leaveMs } = defaultTimeouts;

test.each([
  [
    "body of an evaluation request, also after decompression",
    grouped(startOptions["max-request-body"].default),
  ],
  ["headers of a request", grouped(startOptions["max-request-header"].default)],
  ["connections to one port", grouped(maxConnections)],
  [
    "open calls on one HTTP/2 connection, and cancelled ones that are still being processed",
    `${defaultMaxConcurrentStreams} each`,
  ],
  ["incomplete requests on one HTTP/2 connection", mebibytes(maxIncompleteBytes)],
  [
    "answers on one HTTP/2 connection that its flow control holds back",
    mebibytes(maxHeldAnswerBytes),
  ],
  [
    "cancelled calls on one HTTP/2 connection",
    `${cancelledCalls.burst} at once and ${cancelledCalls.perSecond} each second`,
  ],
  [
    "frames on one HTTP/2 connection that ask for nothing (`PING`, `SETTINGS`, empty `DATA` …)",
    `${idleFrames.burst} at once, ${idleFrames.perSecond} each second and ${framesPerAnswer} for each`,
  ],
  ["fields in the headers of one HTTP/2 request", `${maxHeaderFields}, then 431`],
  ["answers that wait for a client to read them", mebibytes(maxOutputBytes)],
  [
    "requests of one HTTP/1.1 connection that wait for the answer before theirs",
    `${maxPipelinedBytes / 2 ** 10} KiB`,
  ],
  ["OFREP event streams", grouped(startOptions["ofrep-sse-streams"].default)],
  ["a sync stream whose client reads nothing", seconds(startOptions["sync-stall-timeout"].default)],
  ["keepalive pings of a sync client", seconds(startOptions["keep-alive-min-time"].default)],
])("%s: %s", (name, value) => {
  expect(cells(name)[0]).toContain(value);
});

describe("on every port", () => {
  test.each([
    ["the first bytes of a connection, TLS handshake included", seconds(headersMs)],
    ["the headers of an HTTP/1.1 request", seconds(headersMs)],
    ["one HTTP/2 frame, and the headers of a request in several frames", seconds(requestMs)],
    ["the body of a request, after its headers", seconds(requestMs)],
    ["an idle HTTP/1.1 connection", seconds(keepAliveMs)],
    ["reading what was answered over HTTP/1.1", seconds(answerMs)],
    ["an HTTP/2 connection without a call", `${idleMs / 60_000} min`],
    ["an idle connection, while flagd stops", seconds(leaveMs)],
  ])("%s: %s", (name, value) => {
    expect(cells(name)[0]).toStartWith(value);
  });
});

test.each([1024, 65_536, 80_200])("connections if %d files may be open", (openFiles) => {
  const [name = ""] = [...rows.keys()].filter((key) => key.startsWith(grouped(openFiles)));
  expect(cells(name)[0]).toBe(grouped(connectionsAllowed(undefined, openFiles)));
});
