import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSource, readStandardInput } from "../../../src/runtime/read-source.ts";
import { SourceError } from "../../../src/sources/source.ts";
import { httpConfig, redisConfig } from "../../support/source-configs.ts";

const document = '{"flags":{}}';
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "flagd-read-"));
  await Bun.write(join(folder, "flags.yaml"), "flags: {}\n");
  await Bun.write(join(folder, "empty.json"), "");
});

afterAll(() => rm(folder, { recursive: true }));

const file = (name: string) => ({ provider: "file", uri: join(folder, name) }) as const;

describe("a source that is read once", () => {
  test("gives the document of a file, in the format of its name", async () => {
    const { document, ...rest } = await readSource(file("flags.yaml"));
    expect(document.toString()).toBe("flags: {}\n");
    expect(rest).toMatchObject({
      name: join(folder, "flags.yaml"),
      provider: "file",
      format: "yaml",
      origin: "flags.yaml",
    });
  });

  test("gives the document of a server, asked once", async () => {
    let requests = 0;
    using server = Bun.serve({
      port: 0,
      fetch() {
        requests++;
        return new Response(document, { headers: { "content-type": "application/json" } });
      },
    });
    const uri = `http://localhost:${server.port}/flags`;
    const read = await readSource(httpConfig(uri));
    expect(read.document.toString()).toBe(document);
    expect(read).toMatchObject({ name: uri, provider: "http" });
    expect(requests).toBe(1);
  });

  test("fails at the first failure, also at one that a daemon would try again after", async () => {
    let requests = 0;
    using server = Bun.serve({
      port: 0,
      fetch() {
        requests++;
        return new Response("", { status: 503 });
      },
    });
    const uri = `http://user:secret@localhost:${server.port}/flags`;
    const failure = await readSource(httpConfig(uri)).catch((error) => error);
    expect(failure).toBeInstanceOf(SourceError);
    expect(failure.message).toStartWith(`source http://localhost:${server.port}/flags: `);
    expect(failure.message).toContain("503");
    expect(requests).toBe(1);
  });

  test.each([
    ["missing.json", "cannot read the flag file: no such file"],
    ["empty.json", 'empty.json is empty; to delete all flags, write {"flags":{}}'],
  ])("says what is wrong with the file %s", async (name, reason) => {
    const failure = await readSource(file(name)).catch((error) => error);
    expect(failure).toBeInstanceOf(SourceError);
    expect(failure.message).toStartWith(`source ${join(folder, name)}: `);
    expect(failure.message).toContain(reason);
  });

  test("says that Redis is out of reach, without the password", async () => {
    const failure = await readSource(redisConfig("redis://:secret@127.0.0.1:1/0?key=flags")).catch(
      (error) => error,
    );
    expect(failure).toBeInstanceOf(SourceError);
    expect(failure.message).toContain("127.0.0.1:1");
    expect(failure.message).not.toContain("secret");
  });
});

describe("standard input", () => {
  const streamOf = (...chunks: string[]) =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(Buffer.from(chunk));
        controller.close();
      },
    });

  test("is one document of either format", async () => {
    const read = await readStandardInput(streamOf('{"fl', 'ags":{}}'));
    expect(read.document.toString()).toBe(document);
    expect(read).toMatchObject({ name: "standard input", format: "any" });
  });

  test("is an error if there is nothing", async () => {
    await expect(readStandardInput(streamOf())).rejects.toThrow("standard input is empty");
  });
});
