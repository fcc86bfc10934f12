/**
 * 100,000 fuzzed Authorization and X-API-Key headers against a daemon with tokens: nothing but the token opens it, and a
 * client with the token is served all the while. Run it with `npx bun tests/outside/tokens.ts` after `npm run build`.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import fc from "fast-check";
import { startFlagd } from "../support/flagd.ts";
import { expectEqual, Suite } from "./suite.ts";

const wanted = Number(process.env.HEADERS ?? 100_000);
/** Sent over one connection, one after another without waiting. */
const batch = 1_000;
const seed = Number(process.env.SEED ?? 1);
const token = "the-only-token-that-opens-it";

const suite = new Suite(`Tokens: ${wanted} headers, seed ${seed}`);
const folder = mkdtempSync(join(tmpdir(), "flagd-tokens-"));
const tokensPath = join(folder, "tokens.json");
const surfaces = ["ofrep", "evaluation"];
writeFileSync(tokensPath, JSON.stringify({ tokens: [{ name: "fuzz", token, surfaces }] }));
const source = `file:${resolve(import.meta.dir, "../../examples/flags.json")}`;
const flagd = await startFlagd(["-f", source, "--tokens-path", tokensPath]);

/** Bytes that a header may have, and changes of the header that is right. */
const near = fc
  .tuple(fc.nat(token.length - 1), fc.constantFrom("", "x", " ", "\t", "-", "ö", token))
  .map(([place, text]) => token.slice(0, place) + text + token.slice(place + 1));
const value = fc.oneof(
  near,
  near.map((text) => `Bearer ${text}`),
  fc.string({ maxLength: 40 }).map((text) => `Bearer ${text}`),
  fc.constantFrom(
    ...["", "Bearer", "Bearer ", `Basic ${token}`, `Bearer "${token}"`, `Bearer ${token} x`],
    ...[
      `Bearer,${token}`,
      `Bearer ${token},`,
      `Bearer\t${token}`,
      "Bearer undefined",
      "Bearer null",
    ],
  ),
  fc.string({ unit: "binary", maxLength: 60 }),
);
const header = fc
  .tuple(
    fc.constantFrom("Authorization", "authorization", "X-API-Key", "Proxy-Authorization", "Cookie"),
    value,
  )
  .map(([name, text]) => [name, text.replace(/[\r\n\0]/g, "")] as const)
  .filter(([name, text]) => !opens(name, text));

/** What the documentation says is right. */
function opens(name: string, text: string): boolean {
  const trimmed = text.replace(/^[ \t]+|[ \t]+$/g, "");
  if (/^x-api-key$/i.test(name)) return trimmed === token;
  return (
    /^authorization$/i.test(name) &&
    /^bearer +/i.test(trimmed) &&
    trimmed.replace(/^bearer +/i, "") === token
  );
}

const statuses = new Map<number, number>();
try {
  await suite.check("no other header is answered, on OFREP and in Connect's JSON", async () => {
    for (let sent = 0; sent < wanted; sent += batch) {
      const headers = fc.sample(header, { numRuns: batch, seed: seed + sent });
      const [port, path] =
        (sent / batch) % 2 === 0
          ? [flagd.httpPort, "/ofrep/v1/evaluate/flags/banner-text"]
          : [flagd.port, "/flagd.evaluation.v1.Service/ResolveString"];
      for (const status of await askAll(port, path, headers)) {
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    }
    const odd = [...statuses.keys()].filter((status) => ![400, 401, 429].includes(status));
    expectEqual(odd, []);
  });
  await suite.check("the token is, in the end as well", async () => {
    const init = { method: "POST", body: "{}", headers: { "X-API-Key": token } };
    const path = "/ofrep/v1/evaluate/flags/banner-text";
    expectEqual((await fetch(flagd.http + path, init)).status, 200);
  });
  console.log(Object.fromEntries(statuses));
} finally {
  await flagd.stop();
  rmSync(folder, { recursive: true });
}
suite.finish();

/** The statuses of all answers; a request that is none ends the connection, and the rest goes over another one. */
async function askAll(port: number, path: string, headers: readonly (readonly [string, string])[]) {
  const seen: number[] = [];
  while (seen.length < headers.length) {
    const got = await askOnce(port, path, headers.slice(seen.length));
    if (got.length === 0) throw new Error("a connection ended without an answer");
    seen.push(...got);
  }
  return seen;
}

function askOnce(port: number, path: string, headers: readonly (readonly [string, string])[]) {
  const body = '{"flagKey":"banner-text"}';
  const requests = headers.map(
    ([name, text]) =>
      `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n${name}: ${text}\r\n\r\n${body}`,
  );
  return new Promise<number[]>((resolve, reject) => {
    let received = "";
    const socket = connect(port, "127.0.0.1", () => {
      socket.end(Buffer.concat(requests.map((text) => Buffer.from(text, "utf8"))));
    });
    socket.on("data", (chunk) => {
      received += chunk.toString("latin1");
    });
    socket.on("error", reject);
    socket.on("close", () => {
      resolve(
        Array.from(received.matchAll(/HTTP\/1\.1 (\d{3}) /g), ([, status]) => Number(status)),
      );
    });
  });
}
