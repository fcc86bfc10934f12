import { expect, test } from "bun:test";
import { connect } from "node:net";
import { resolve } from "node:path";
import { binary, startFlagd } from "../support/flagd.ts";
import { freePorts } from "../support/ports.ts";

const flags = ["-f", `file:${resolve("examples/flags.json")}`];

function connects(host: string, port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ host, port });
    socket.once("connect", () => {
      socket.destroy();
      done(true);
    });
    socket.once("error", () => done(false));
  });
}

test.each(["1", "2"])(
  "--listen binds all ports to one address, with %s threads",
  async (workers) => {
    await using flagd = await startFlagd([...flags, "--listen", "127.0.0.1", "--workers", workers]);
    for (const port of [flagd.port, flagd.httpPort, flagd.syncPort]) {
      // All of 127.0.0.0/8 is this machine: who listens at all addresses answers here, too.
      expect(await connects("127.0.0.1", port)).toBe(true);
      expect(await connects("127.0.0.2", port)).toBe(false);
      expect(await connects("::1", port)).toBe(false);
      expect(flagd.log()).toContain(`listening at 127.0.0.1:${port}`);
    }
    expect(flagd.log()).toContain("other machines can reach nothing of this");
  },
);

test("each port may have a host of its own, and the log says what other machines can reach", async () => {
  const [sync = 0] = await freePorts(1);
  await using flagd = await startFlagd([...flags, "-g", `[::1]:${sync}`]);
  expect(await connects("::1", sync)).toBe(true);
  expect(await connects("127.0.0.1", sync)).toBe(false);
  expect(await connects("127.0.0.2", flagd.port)).toBe(true);
  expect(flagd.log()).toContain(`sync stream (gRPC) listening at [::1]:${sync}`);
  expect(flagd.log()).toContain(
    "other machines can reach: evaluation (gRPC, Connect), evaluation (OFREP), metrics and probes (--listen 127.0.0.1 keeps them out)",
  );
});

test("one port may serve OFREP and management at two addresses", async () => {
  const [port = 0] = await freePorts(1);
  const args = [...flags, "-m", `127.0.0.1:${port}`, "-r", `127.0.0.2:${port}`];
  await using _ = await startFlagd(args, { probes: `http://127.0.0.1:${port}` });
  const ofrep = "ofrep/v1/evaluate/flags/banner-text";
  const post = (host: string) =>
    fetch(`http://${host}:${port}/${ofrep}`, { method: "POST", body: "{}" });
  expect([(await post("127.0.0.1")).status, (await post("127.0.0.2")).status]).toEqual([404, 200]);
});

test.each([
  [
    "192.0.2.1:0",
    "192.0.2.1:0: this machine has no such address; use one of its own, or none to listen at all of them",
  ],
  [
    "nosuch.invalid:0",
    "nosuch.invalid:0: its host name is not known here; use an IP address of this machine",
  ],
])("%s is no address of this machine", async (address, message) => {
  for (const [command, option, rest] of [
    ["start", "--port", ["-g", "0", "-m", "0", "-r", "0", ...flags]],
    ["start", "--management-port", ["-g", "0", "-p", "0", "-r", "0", ...flags]],
    ["redis-sync", "--redis-sync-port", ["--redis-uri", "redis://127.0.0.1:1?key=k"]],
  ] as const) {
    const run = Bun.spawnSync([binary, command, option, address, ...rest]);
    expect(run.stderr.toString()).toContain(`(${option}): cannot listen on ${message}\n`);
    expect(run.exitCode).toBe(1);
  }
});

test("flagd ready asks where the variables say that the daemon listens", async () => {
  const [port = 0] = await freePorts(1);
  const args = [...flags, "-m", `127.0.0.2:${port}`];
  await using _ = await startFlagd(args, { probes: `http://127.0.0.2:${port}` });
  const ready = (environment: Record<string, string>) =>
    Bun.spawnSync([binary, "ready"], { env: { ...process.env, ...environment } }).exitCode;
  expect(ready({ FLAGD_MANAGEMENT_PORT: `127.0.0.2:${port}` })).toBe(0);
  expect(ready({ FLAGD_LISTEN: "127.0.0.2", FLAGD_MANAGEMENT_PORT: `${port}` })).toBe(0);
  expect(ready({ FLAGD_MANAGEMENT_PORT: `127.0.0.1:${port}` })).toBe(1);
});
