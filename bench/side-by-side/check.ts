import { connect } from "node:http2";
import type { Server } from "./contender.ts";
import type { Workload } from "./workloads.ts";

/** A load of errors is no measure of anything. @throws Error where the answer is not the right one */
export async function checkAnswer(load: Workload, server: Server): Promise<void> {
  const answer = await (load.http === 1 ? overHttp1(load, server) : overHttp2(load, server));
  if (!answer.includes(load.expected)) {
    throw new Error(`${load.title}: expected ${load.expected} in the answer, got ${answer}`);
  }
}

async function overHttp1(load: Workload, server: Server): Promise<string> {
  const headers = { "content-type": load.contentType };
  const body = Buffer.from(load.body);
  return (await fetch(load.url(server), { method: "POST", headers, body })).text();
}

function overHttp2(load: Workload, server: Server): Promise<string> {
  const url = new URL(load.url(server));
  const session = connect(url.origin);
  return new Promise<string>((resolve, reject) => {
    session.on("error", reject);
    const stream = session.request({
      ":method": "POST",
      ":path": url.pathname,
      "content-type": load.contentType,
      te: "trailers",
    });
    const chunks: Uint8Array[] = [];
    stream.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    stream.on("error", reject);
    stream.on("end", () => resolve(Buffer.concat(chunks).toString("latin1")));
    stream.end(load.body);
  }).finally(() => session.destroy());
}
