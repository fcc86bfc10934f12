/** connectconformance against the service of this folder. */
import { join } from "node:path";

export interface Summary {
  readonly name: string;
  readonly cases: number;
  readonly passed: number;
  /** Failures that the list of known ones names. */
  readonly known: number;
  /** What has to be looked at; empty if the run was good. */
  readonly complaint: string;
}

export interface ConnectRun {
  readonly name: string;
  /** Patterns of cases; none: all. */
  readonly cases?: readonly string[];
  /** A file in `known/`. */
  readonly known?: string;
  readonly serverArguments?: readonly string[];
}

const folder = import.meta.dir;

/** Every protocol, HTTP version, codec, compression and kind of call, with and without TLS. */
export const fullPath: ConnectRun = { name: "Connect conformance" };

/** Calls that may take a fast path: gRPC in binary, and Connect in JSON over HTTP/1.1. */
export const fastPath: ConnectRun = {
  name: "Connect conformance, fast path",
  cases: [
    "**/Protocol:PROTOCOL_GRPC/Codec:CODEC_PROTO/**/unary/**",
    "**/Protocol:PROTOCOL_GRPC/Codec:CODEC_PROTO/**/server-stream/**",
    "Server Message Size/**/Protocol:PROTOCOL_GRPC/**/unary/**",
    "Server Message Size/**/Protocol:PROTOCOL_GRPC/**/server-stream/**",
    "gRPC Proto Sub-Format Requests/**",
    "gRPC Unexpected Requests/**",
    "**/HTTPVersion:1/Protocol:PROTOCOL_CONNECT/Codec:CODEC_JSON/**/unary/**",
  ],
  known: "connect-fast.txt",
  serverArguments: ["--fast-path"],
};

/**
 * @param tool Path of connectconformance.
 * @param descriptors Path of its protocol's descriptors.
 */
export async function runConnect(
  tool: string,
  descriptors: string,
  run: ConnectRun,
): Promise<Summary> {
  const child = Bun.spawn(
    [
      ...[tool, "--mode", "server", "--conf", join(folder, "connect.yaml")],
      ...["--max-servers", "2", "--parallel", "8"],
      ...(run.cases ?? []).flatMap((pattern) => ["--run", pattern]),
      ...(run.known ? ["--known-failing", `@${join(folder, "known", run.known)}`] : []),
      ...["--", process.execPath, join(folder, "server.ts"), ...(run.serverArguments ?? [])],
    ],
    {
      env: { ...process.env, CONFORMANCE_DESCRIPTORS: descriptors },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    },
  );
  const [output, errors, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  const figure = (pattern: RegExp) => Number(pattern.exec(output)?.[1] ?? 0);
  const summary = {
    name: run.name,
    cases: figure(/^Total cases: (\d+)/m),
    passed: figure(/^(\d+) passed/m),
    known: figure(/^\((?:Another )?(\d+) failed as expected/m),
  };
  const good = exitCode === 0 && summary.cases > 0;
  return { ...summary, complaint: good ? "" : withoutKnown(output) + errors };
}

/** The tool's report but for the failures that it expected. */
function withoutKnown(output: string): string {
  return output.replace(/^INFO: .*\n(?:[\t ].*\n)*/gm, "");
}
