/**
 * Evaluations at a fixed rate while documents of 10 MB are polled and changed: how long they take, how long
 * the longest waited, and the memory. For Linux, with redis-server and h2load.
 *
 *   bun bench/large-documents.ts [--binary dist/flagd] [--go path] [--rounds 3]
 *
 * Ours reads from Redis. Go flagd has no such source and reads a file.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { largeDocuments } from "./side-by-side/rows/large-documents.ts";
import { table } from "./side-by-side/table.ts";

const { values } = parseArgs({
  options: {
    binary: { type: "string", default: "dist/flagd" },
    go: { type: "string" },
    rounds: { type: "string", default: "3" },
  },
});
const contenders = [
  { name: "flagd", binary: values.binary },
  ...(values.go === undefined ? [] : [{ name: "Go flagd", binary: values.go }]),
];
const folder = mkdtempSync(join(tmpdir(), "flagd-bench-"));
try {
  const bench = {
    contenders,
    rounds: Number(values.rounds),
    seconds: 0,
    repetitions: 1,
    requests: 0,
    folder,
  };
  const lines = await largeDocuments.run(bench);
  console.log(
    table(
      contenders.map(({ name }) => name),
      lines,
    ),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
