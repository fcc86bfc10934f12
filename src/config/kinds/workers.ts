import { availableParallelism } from "node:os";
import { quote } from "../../core/quote.ts";
import { type Kind, scalarText, ValueError } from "./kind.ts";

const most = 64;

function fromText(value: string): number {
  if (value === "auto") return Math.min(availableParallelism(), most);
  const number = /^\d{1,3}$/.test(value) ? Number(value) : 0;
  if (number >= 1 && number <= most) return number;
  throw new ValueError(`${quote(value)} is neither auto nor a number from 1 to ${most}`);
}

/** A number of threads. */
export const workers: Kind<number> = {
  hint: "number|auto",
  fromText,
  fromFile: (value) => fromText(scalarText(value)),
  show: String,
};
