/**
 * Sends the same generated flag documents and requests to two builds of flagd and shows where their
 * answers differ without it being meant:
 *
 *     bun tests/conformance/compare.ts --other /path/to/flagd [--ours dist/flagd] [--seed 1] [--count 2000]
 *
 * Exit code 1: there are differences that no rule of compare/known.ts explains.
 */
import { parseArgs } from "node:util";
import { summary } from "./compare/report.ts";
import { compare } from "./compare/run.ts";

const { values } = parseArgs({
  options: {
    other: { type: "string" },
    ours: { type: "string", default: "dist/flagd" },
    seed: { type: "string", default: "1" },
    count: { type: "string", default: "2000" },
  },
});
const [seed, count] = [Number(values.seed), Number(values.count)];
if (values.other === undefined || !Number.isInteger(seed) || !(count > 0)) {
  console.error("usage: compare.ts --other FLAGD [--ours FLAGD] [--seed N] [--count REQUESTS]");
  process.exit(2);
}
const result = await compare({ ours: values.ours, theirs: values.other, seed, count });
console.log(summary(result));
process.exit(result.unknown.size === 0 ? 0 : 1);
