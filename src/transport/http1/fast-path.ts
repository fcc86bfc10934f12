import type { RequestHead } from "./request-head.ts";

/**
 * Answers a POST from its bytes, without the objects of the general path: the whole answer, head included.
 * undefined: the request is for the general path, which gives the same answers.
 * @param last The connection ends after this answer, which says so.
 */
export type FastPath = (head: RequestHead, body: Uint8Array, last: boolean) => Buffer | undefined;
