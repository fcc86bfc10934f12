/**
 * Cross-origin resource sharing (Fetch Standard §3.3), decided from request headers alone so that
 * every HTTP server here can use it.
 */

/** Headers in their order. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/** What CORS adds to answers. */
export interface Cors {
  /**
   * The headers of the 204 answer to a preflight; undefined if the request is none. A refused
   * preflight is answered too, without the headers that would allow it.
   */
  preflight(request: {
    readonly method: string;
    readonly origin: string | null | undefined;
    readonly requestMethod: string | null | undefined;
    readonly requestHeaders: string | null | undefined;
  }): HeaderList | undefined;
  /** What the answer to any other request has to carry. */
  actual(origin: string | null | undefined): HeaderList;
}

/** What a script of another origin may read of a gRPC-web or Connect answer. */
export const exposedHeaders: readonly string[] = [
  "Accept",
  "Accept-Encoding",
  "Accept-Post",
  "Connect-Accept-Encoding",
  "Connect-Content-Encoding",
  "Content-Encoding",
  "Grpc-Accept-Encoding",
  "Grpc-Encoding",
  "Grpc-Message",
  "Grpc-Status",
  "Grpc-Status-Details-Bin",
];

const allowedMethods = new Set(["HEAD", "GET", "POST", "PUT", "PATCH", "DELETE"]);
const varyActual = ["Vary", "Origin"] as const;
const varyPreflight = [
  "Vary",
  "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
] as const;

/**
 * @param origins Allowed origins, compared without regard to case, each with at most one `*` that
 *   stands for any text. An empty list, and `*`, allow every origin.
 * @param exposed Names of the response headers that scripts may read.
 */
export function createCors(
  origins: readonly string[],
  exposed: readonly string[] = exposedHeaders,
): Cors {
  const any = origins.length === 0 || origins.includes("*");
  const patterns = origins.map(originPattern);
  const expose = ["Access-Control-Expose-Headers", exposed.join(", ")] as const;
  const withoutOrigin: HeaderList = [varyActual];
  const forAnyOrigin: HeaderList = [varyActual, ["Access-Control-Allow-Origin", "*"], expose];

  /** The value of Access-Control-Allow-Origin, or undefined if the origin is not allowed. */
  function allowed(origin: string): string | undefined {
    if (any) return "*";
    const lower = origin.toLowerCase();
    return patterns.some((matches) => matches(lower)) ? origin : undefined;
  }

  return {
    preflight({ method, origin, requestMethod, requestHeaders }) {
      if (method !== "OPTIONS" || !requestMethod) return undefined;
      const allow = origin ? allowed(origin) : undefined;
      if (allow === undefined || !allowedMethods.has(requestMethod)) return [varyPreflight];
      const headers: (readonly [string, string])[] = [
        varyPreflight,
        ["Access-Control-Allow-Origin", allow],
        ["Access-Control-Allow-Methods", requestMethod],
      ];
      if (requestHeaders) headers.push(["Access-Control-Allow-Headers", requestHeaders]);
      return headers;
    },
    actual(origin) {
      if (!origin) return withoutOrigin;
      if (any) return forAnyOrigin;
      const allow = allowed(origin);
      if (allow === undefined) return withoutOrigin;
      return [varyActual, ["Access-Control-Allow-Origin", allow], expose];
    },
  };
}

function originPattern(pattern: string): (origin: string) => boolean {
  const lower = pattern.toLowerCase();
  const star = lower.indexOf("*");
  if (star < 0) return (origin) => origin === lower;
  const before = lower.slice(0, star);
  const after = lower.slice(star + 1);
  return (origin) =>
    origin.length >= before.length + after.length &&
    origin.startsWith(before) &&
    origin.endsWith(after);
}
