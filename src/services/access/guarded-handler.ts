import { codeForm } from "../../core/errors.ts";
import type { Guard } from "../../transport/guard.ts";
import { type HttpHandler, pathOf } from "../../transport/http-handler.ts";

/** A handler that asks a guard before it answers what `isGuarded` says. */
export function guarded(
  handler: HttpHandler,
  guard: Guard | undefined,
  isGuarded: (path: string) => boolean = () => true,
): HttpHandler {
  if (!guard) return handler;
  return (request) => {
    const path = pathOf(request.target);
    if (!isGuarded(path)) return handler(request);
    const refused = guard.refusal(path, request.headers, () => request.remoteAddress);
    if (!refused) return handler(request);
    const headers = [["Content-Type", "text/plain; charset=utf-8"], ...refused.metadata] as const;
    const body = `${refused.rawMessage}\n`;
    return { status: codeForm(refused.code).httpStatus, headers, body };
  };
}
