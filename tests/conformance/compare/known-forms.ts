/** Differences in how requests are taken and answers are written. */
import { isDeepStrictEqual } from "node:util";
import { isObject } from "./model.ts";
import { parse } from "./parts.ts";
import type { KnownRule } from "./rule.ts";

export const knownForms: readonly KnownRule[] = [
  {
    name: "dot segments",
    why: "A dot that is percent-encoded belongs to a key; Go takes it for a dot segment, and leaves a slash out if one ended the path.",
    explains: ({ request, statuses }) =>
      "http" in request &&
      request.port === "ofrep" &&
      /\/(\.|%2e){1,2}(\/|%2f|$)/i.test(request.http.target) &&
      statuses[1] === 301,
  },
  {
    name: "refused before any handler",
    why: "What is no HTTP at all is refused with a 400 by either, in other words.",
    explains: ({ request, part, statuses }) =>
      "http" in request &&
      request.port === "ofrep" &&
      (request.http.body === "zz\r\n" || request.http.target.includes("%zz")) &&
      statuses[0] === 400 &&
      statuses[1] === 400 &&
      /^(body$|header )/.test(part),
  },
  {
    name: "negative timeouts",
    why: "Connect's protocol has no negative timeouts: the request is invalid; Go takes the deadline for passed.",
    explains: ({ request, statuses }) =>
      "http" in request &&
      request.http.headers.some(
        ([name, value]) => name === "Connect-Timeout-Ms" && value === "-1",
      ) &&
      statuses[0] === 400 &&
      statuses[1] === 504,
  },
  {
    name: "lone surrogates",
    why: "JSON text may name half a character: JavaScript takes it and gives it back; Go's libraries replace or refuse it.",
    explains: ({ request, part, ours, theirs, statuses }) => {
      const replaced = ours.replaceAll("\\ud800", "\ufffd") === theirs;
      if (/^(body$|flag )/.test(part) && replaced) return true;
      const body = "http" in request ? String(request.http.body) : "";
      return /\\ud800/.test(body) && statuses[0] !== 400 && statuses[1] === 400;
    },
  },
  {
    name: "lenient JSON",
    why: "A byte order mark and numbers beyond a double are no reason to refuse a context.",
    explains: ({ request, statuses }) =>
      "http" in request &&
      /^\ufeff|1e400/.test(String(request.http.body)) &&
      statuses[0] !== 400 &&
      statuses[1] === 400,
  },
  {
    name: "members said twice",
    why: "Of a member that a JSON request says twice the last counts, as everywhere in JavaScript; Go's library for protobuf refuses it.",
    explains: ({ request, statuses }) =>
      "http" in request &&
      request.port === "evaluation" &&
      /"(flagKey|context|tier)":.*"\1":/.test(String(request.http.body)) &&
      statuses[1] === 400,
  },
  {
    name: "padding beyond the limit",
    why: "A body larger than the limit is refused; Go reads no further than the JSON value goes.",
    explains: ({ request, statuses }) =>
      "http" in request &&
      request.port === "ofrep" &&
      /\}\s{1000,}$/.test(String(request.http.body)) &&
      statuses[0] === 413,
  },
  {
    name: "fields of another wire type",
    why: "protobuf-es, which reads for Connect's handlers, refuses a field whose wire type is wrong; Go's library takes it for an unknown field.",
    explains: ({ request, statuses }) =>
      "http" in request &&
      Buffer.from(request.http.body ?? "").toString("hex") === "0801" &&
      statuses[0] === 400 &&
      statuses[1] === 404,
  },
  {
    name: "no metadata of refused requests",
    why: "OFREP's metadata is an object: a request that is refused has none; Go says null.",
    explains: ({ request, part, ours, theirs }) => {
      if (request.port !== "ofrep" || part !== "body") return false;
      const [a, b] = [parse(ours), parse(theirs)];
      return isDeepStrictEqual(isObject(a) && { ...a, metadata: null }, b);
    },
  },
  {
    name: "ETag of OFREP's bulk answers",
    why: "OFREP's caching by ETag is ours; Go has none.",
    explains: ({ request, part, theirs, statuses }) =>
      request.port === "ofrep" && part === "header etag" && theirs === "" && statuses[0] === 200,
  },
  {
    name: "Allow on 405 of OFREP",
    why: "A 405 names the methods that are allowed (RFC 9110 §15.5.6).",
    explains: ({ request, part, ours, theirs, statuses }) =>
      request.port === "ofrep" &&
      part === "header allow" &&
      ours === "POST" &&
      theirs === "" &&
      statuses[1] === 405,
  },
  {
    name: "keys with a slash",
    why: "A key with `/`, percent-encoded, is one segment of OFREP's path; Go answers 404 as for an unknown path.",
    explains: ({ request, statuses }) =>
      "http" in request &&
      request.port === "ofrep" &&
      /\/flags\/[^/]*%2f/i.test(request.http.target) &&
      statuses[1] === 404,
  },
  {
    name: "ETag and Retry-After are exposed",
    why: "Pages may read what OFREP's answers say about asking again.",
    explains: ({ request, part, ours, theirs }) =>
      request.port === "ofrep" &&
      part === "header access-control-expose-headers" &&
      ours === `${theirs}, ETag, Retry-After`,
  },
  {
    name: "other paths on OFREP's port",
    why: "CORS is for OFREP's paths: the listener may be that of management too, which has none.",
    explains: ({ request, part, ours, statuses }) =>
      "http" in request &&
      request.port === "ofrep" &&
      !request.http.target.startsWith("/ofrep/") &&
      statuses[0] === 404 &&
      statuses[1] === 404 &&
      /^header (vary|access-control-)/.test(part) &&
      ours === "",
  },
  {
    name: "unknown methods in gRPC's own form",
    why: "A gRPC client is told UNIMPLEMENTED by a status; Go answers HTTP 404, of which the client makes the same.",
    explains: ({ request, part, statuses }) =>
      "grpc" in request &&
      statuses.every((status) => status === "UNIMPLEMENTED") &&
      /^(body$|header (content-type|x-content-type-options|grpc-))/.test(part),
  },
  {
    name: "small answers are not compressed",
    why: "Go compresses answers of any size, which makes small ones larger.",
    explains: ({ part, ours, theirs }) =>
      part === "header content-encoding" && ours === "" && theirs === "gzip",
  },
  {
    name: "escapes in error messages",
    why: "Go escapes <, > and &, and U+FFFD if it replaced something, in the JSON of errors; it is the same JSON.",
    explains: ({ part, ours, theirs }) =>
      part === "body" &&
      /^\{"(code|key)":/.test(ours) &&
      /\\u(00|fffd)/.test(theirs) &&
      isDeepStrictEqual(parse(ours), parse(theirs)),
  },
  {
    name: "order of numeric names",
    why: "JavaScript keeps names like `10` in the order of their numbers; it is the same JSON.",
    explains: ({ part, ours, theirs }) =>
      /^(body$|text$|flag )/.test(part) &&
      /"[0-9]+":/.test(ours) &&
      isDeepStrictEqual(parse(ours), parse(theirs)),
  },
  {
    name: "words of libraries",
    why: "How a request breaks a protocol or cannot be decoded is told in the words of the library that found out.",
    explains: ({ part, ours, theirs, statuses }) => {
      if (!/^(body$|header grpc-message)/.test(part) || statuses[0] !== statuses[1]) return false;
      const subject = libraryWords.find((pattern) => pattern.test(ours));
      return (
        subject !== undefined &&
        codeOf(ours) === codeOf(theirs) &&
        libraryWords.some((pattern) => pattern.test(theirs))
      );
    },
  },
];

/** How messages begin whose rest is up to a library. */
const libraryWords = [
  /^(message (size|is)|\{"code":"resource_exhausted","message":"(message (size|is)|read first)) /,
  /decompression failed|get decompressor: /,
  /unary request has multiple messages/,
  /unmarshal message: /,
  /parse timeout: /,
  /protocol error: /,
  /unary request has zero messages/,
];

function codeOf(body: string): string | undefined {
  return /"code":"(\w+)"/.exec(body)?.[1];
}
