import { expect, test } from "bun:test";
import { EventEmitter } from "node:events";
import { createServer, type ListenOptions, type Server } from "node:net";
import { join } from "node:path";
import { bind } from "../../../src/transport/bind.ts";

/** A server whose attempts to listen fail, or not, as `fail` says. */
function serverThat(fail: (options: ListenOptions) => object | undefined) {
  const tried: ListenOptions[] = [];
  const server = new EventEmitter() as EventEmitter & Pick<Server, "address">;
  server.address = () => ({ port: 4711, family: "", address: "" });
  const listen = (options: ListenOptions) => {
    tried.push(options);
    const problem = fail(options);
    if (problem) server.emit("error", Object.assign(new Error("Failed to listen at ::"), problem));
    else server.emit("listening");
  };
  return { server: Object.assign(server, { listen }) as object as Server, tried };
}

test("if there is no IPv6, the addresses of IPv4 are listened on", async () => {
  const { server, tried } = serverThat(({ host }) => (host === undefined ? {} : undefined));
  const shared = { threads: 2, as: "joining" } as const;
  const bound = await bind(server, { port: 0, shared }, "sync");
  expect(bound).toEqual({ port: 4711, host: "0.0.0.0", shared });
  expect(tried).toEqual([
    { port: 0, reusePort: true },
    { port: 0, host: "0.0.0.0", reusePort: true },
  ]);
});

test("any other failure is told at once, and of two that of IPv4", async () => {
  const busy = serverThat(() => ({ code: "EADDRINUSE" }));
  await expect(bind(busy.server, { port: 1 }, "sync")).rejects.toThrow("sync: cannot listen on");
  expect(busy.tried).toHaveLength(1);
  const both = serverThat(({ host }) => (host ? { code: "EACCES" } : {}));
  await expect(bind(both.server, { port: 1 }, "sync")).rejects.toThrow("port 1: permission denied");
});

test("BUN 1.4.5: a name that is not resolved has no code; if this fails, bind.ts need not look for that any more", async () => {
  const server = createServer();
  const failed = new Promise<NodeJS.ErrnoException>((resolve) => server.once("error", resolve));
  server.listen({ port: 0, host: "no-such-host.invalid" });
  expect((await failed).code).toBeUndefined();
});

test("BUN 1.4.5: without IPv6 only :: is tried, and the error has no code; if this fails, bind.ts need not try 0.0.0.0 any more", async () => {
  const program = `
    const server = require("node:net").createServer();
    server.on("error", ({ code, message }) => console.log(String(code), message));
    server.on("listening", () => server.close());
    server.listen({ port: 0 });`;
  const preloaded = join(import.meta.dir, "../../support/without-ipv6.ts");
  const child = Bun.spawn([process.execPath, "--preload", preloaded, "-e", program], {
    stdout: "pipe",
    stderr: "inherit",
  });
  expect(await new Response(child.stdout).text()).toBe("undefined Failed to listen at ::\n");
  expect(await child.exited).toBe(0);
});
