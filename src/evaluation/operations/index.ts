import type { Operator } from "../jsonlogic/expression.ts";
import { endsWith, startsWith } from "./affix.ts";
import { fractional } from "./fractional.ts";
import { semVer } from "./sem-ver.ts";

/** What flagd adds to JsonLogic, by name. */
export const customOperations: ReadonlyMap<string, Operator> = new Map([
  ["fractional", fractional],
  ["sem_ver", semVer],
  ["starts_with", startsWith],
  ["ends_with", endsWith],
]);
