import { quote } from "../../core/quote.ts";
import { type Kind, scalarText, ValueError } from "./kind.ts";

/** A moment in milliseconds since 1970: Unix seconds as rules have them, or ISO 8601. Undefined: now. */
export const time: Kind<number | undefined> = {
  hint: "time",
  fromText(text) {
    if (/^\d{1,11}$/.test(text)) return Number(text) * 1000;
    const milliseconds = /^\d{4}-\d\d(-|$)/.test(text) ? Date.parse(text) : Number.NaN;
    if (!Number.isNaN(milliseconds)) return milliseconds;
    throw new ValueError(
      `${quote(text)} is neither Unix seconds nor a date and time like 2026-03-01T09:00:00Z`,
    );
  },
  fromFile: (value) => time.fromText(scalarText(value)),
  show: () => "",
};
