import type { HeaderList } from "../cors.ts";

/** Longer answers are made anew for each request. */
const maxKeptBytes = 8 << 10;

/** An answer as it is sent. */
export interface WholeAnswer {
  readonly bytes: Buffer;
  /** Bytes of its body, before compression. */
  readonly bodyBytes: number;
}

const nothing = new Uint8Array(0);

/**
 * @param head whole, with its end
 * @param bodyBytes of the body before compression, if it is compressed
 */
export function wholeAnswer(
  head: string,
  body: Uint8Array = nothing,
  bodyBytes: number = body.length,
): WholeAnswer {
  const bytes = Buffer.allocUnsafe(head.length + body.length);
  bytes.write(head, "latin1");
  bytes.set(body, head.length);
  return { bytes, bodyBytes };
}

/** What the bytes of an answer depend on, beside its status and its body. */
export interface AnswerForm {
  /** The end of its head, with the date. */
  readonly end: string;
  /** What CORS adds. */
  readonly cors: HeaderList | undefined;
  /** Its content type, and whether it is compressed. */
  readonly type: string;
}

interface Kept {
  readonly answer: WholeAnswer;
  readonly form: AnswerForm;
}

/**
 * Answers that many requests get, as they were sent last. A service makes the body of one once when flags
 * change; what is left are the fields of its head, of which only the date changes, once a second.
 */
export class KeptAnswers {
  readonly #kept = new WeakMap<object, Kept>();

  /**
   * @param owner what the same status and body are made of
   * @param make called if it was not sent before in this form
   */
  get(owner: object, form: AnswerForm, make: () => WholeAnswer): WholeAnswer {
    const kept = this.#kept.get(owner);
    if (
      kept !== undefined &&
      kept.form.end === form.end &&
      kept.form.cors === form.cors &&
      kept.form.type === form.type
    ) {
      return kept.answer;
    }
    const answer = make();
    if (answer.bytes.length <= maxKeptBytes) this.#kept.set(owner, { answer, form });
    return answer;
  }
}
