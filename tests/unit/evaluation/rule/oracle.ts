import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { compileFunction } from "node:vm";
import type { Json } from "../../../../src/core/json.ts";

interface JsonLogic {
  apply(rule: Json, data: unknown): unknown;
  /** `operation` gets the evaluated operands, and the data as `this`. */
  add_operation(
    name: string,
    operation: (this: unknown, ...operands: readonly unknown[]) => unknown,
  ): void;
}

/**
 * json-logic-js as its authors wrote it. Imported in Bun 1.4 it loses the "use strict" of its
 * factory function, so that data which are no objects become objects, and null the global one.
 */
export const jsonLogic = load();

function load(): JsonLogic {
  const path = createRequire(import.meta.url).resolve("json-logic-js");
  const module: { exports?: JsonLogic } = { exports: undefined as never };
  compileFunction(readFileSync(path, "utf8"), ["module", "exports"])(module, {});
  if (module.exports === undefined) throw new Error(`${path} exports nothing`);
  return module.exports;
}
