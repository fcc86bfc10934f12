import type { HttpRequest } from "../../transport/http-handler.ts";

/** What evaluations look at of a request, however it was read. */
export type OfrepRequest = Pick<HttpRequest, "method" | "target" | "headers" | "gone">;
